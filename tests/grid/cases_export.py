"""Faults of a Bulk Data export: the kick-off, the polls, and the manifest."""

from case import Case, everywhere
from fault import RESET, Said, always, first, honest, meets, says
from faults_export import (
    at,
    counting,
    each_file,
    everybody,
    finding_nothing,
    group,
    groups,
    having,
    ignores,
    kick_offs,
    manifest,
    member,
    outcome,
    polls,
    relative,
    showing,
    without,
)
from ways import BULK, BULK_NIGHTLY, EXPORT

# Faults observed at a server; the others are assumed.
OBSERVED = (
    "kick-off-401",
    "typeFilter-ignored",
    "poll-retry-after-five-hours",
    "files-at-a-storage",
    "count-absent",
    "error-file",
    "transactionTime-with-two-zones",
    "deletions-not-told-reconciled",
)


NOT_KNOWN = "It is not known whether an export has started"


def export(name, says, fault, fails="", **more):
    """Return a case of an export; by default, of the first export."""
    ways = more.pop("ways", (BULK,))
    fails = everywhere(fails, ways) if fails else {}
    seen = more.pop("seen", "observed" if name in OBSERVED else "assumed")
    return Case(
        id=name, says=says, seen=seen, fault=fault, fails=fails, ways=ways, **more
    )  # fmt: skip


def _place(place):
    return always(kick_offs, lambda asked: asked.honest.having(Content_Location=place))


def _filtered(asked):
    return asked.is_kick_off and "_typeFilter" in asked.parameters


BEGUN = [
    export("kick-off-200", "The kick-off is answered 200 instead of 202.",
           always(kick_offs, says(200)), f"instead of 202. {NOT_KNOWN}"),
    export("kick-off-by-get-refused", "A kick-off by GET is answered 405; a kick-off by POST is "
                                      "accepted.",
           always(lambda asked: asked.is_kick_off and asked.method == "GET", says(405)),
           ways=EXPORT),
    export("kick-off-401", "The kick-off is answered 401.", always(kick_offs, says(401)), "401"),
    export("kick-off-403", "The kick-off is answered 403.", always(kick_offs, says(403)), "403"),
    export("kick-off-503", "Each kick-off is answered 503.", always(kick_offs, says(503)),
           "no export has started. The server is busy"),
    export("kick-off-429-thrice", "Three kick-offs are answered 429.",
           first(kick_offs, says(429), 3)),
    export("kick-off-500-once",
           "The first kick-off is answered 500: it may have started an export, and is sent only "
           "once.",
           first(kick_offs, says(500)), NOT_KNOWN),
    export("kick-off-504-once", "The first kick-off is answered 504 by a gateway.",
           first(kick_offs, says(504)), NOT_KNOWN, ways=EXPORT),
    export("kick-off-reset", "The connection is reset at the kick-off, which is not sent twice.",
           first(kick_offs, lambda _: [RESET]), NOT_KNOWN),
    export("kick-off-without-a-place", "The response to the kick-off does not give the URL of the "
                                       "export.",
           always(kick_offs, lambda _: Said(status=202)), "gives no status URL of its export"),
    export("kick-off-with-a-relative-place", "The URL of the export is relative.",
           _place("job")),
    export("kick-off-with-a-place-elsewhere", "The URL of the export is on another host.",
           _place("https://other.example/job"), "refers to https://other.example"),
    export("typeFilter-refused", "_typeFilter is answered 400.", always(_filtered, says(400)),
           ways=EXPORT, warns="does not accept _typeFilter"),
    export("typeFilter-ignored", "_typeFilter is ignored: rows with other codes are exported.",
           ignores("_typeFilter"), warns="does not honour code"),
    export("typeFilter-finds-nothing",
           "_typeFilter finds no Conditions, and the server reports no error.",
           always(_filtered, finding_nothing("Condition")), warns="no Condition was exported"),
    export("typeFilter-finds-nothing-for-good",
           "_typeFilter finds nothing of any type; a day and a night follow.",
           always(_filtered, finding_nothing("Condition", "Procedure", "Observation")),
           is_followed=True, warns="no Procedure, Observation, Condition was exported"),
    export("since-ignored", "_since is ignored: all rows are exported again.", ignores("_since"),
           seen="OpenEMR#7754", ways=(BULK_NIGHTLY,)),
    export("since-refused", "A kick-off with _since is answered 400.",
           always(lambda asked: asked.is_kick_off and "_since" in asked.parameters, says(400)),
           "answered 400", ways=(BULK_NIGHTLY,)),
    export("since-refused-names-the-way-out",
           "A kick-off with _since is answered 400: the error names --full.",
           always(lambda asked: asked.is_kick_off and "_since" in asked.parameters, says(400)),
           "run with --full", ways=(BULK_NIGHTLY,)),
]  # fmt: skip


def _sent_on(asked):
    return Said(status=303).having(Location=f"{asked.server.base}/result")


STANDS = [
    export("poll-endless", "The export is never complete (202).",
           always(polls, says(202, Retry_After=100)), "max_minutes",
           settings=("source.max_minutes=5",)),
    export("poll-503-thrice", "Three polls are answered 503.", first(polls, says(503), 3)),
    export("poll-500", "Each poll is answered 500.", always(polls, says(500)),
           "export has failed"),
    export("poll-404", "The export no longer exists (404).", always(polls, says(404)),
           "export has failed"),
    export("poll-progress-nonsense", "X-Progress is not readable text.",
           first(polls, says(202, X_Progress="<script>" * 50))),
    export("poll-retry-after-five-hours", "Two polls have Retry-After: 18000.",
           first(polls, says(202, Retry_After=18000), 2),
           settings=("source.max_minutes=10",)),
    export("poll-retry-after-text", "A poll has Retry-After: soon.",
           first(polls, says(202, Retry_After="soon"))),
    export("poll-303", "A poll is redirected (303) to the manifest.",
           meets((polls, _sent_on), (lambda asked: asked.path == "/fhir/result",
                 lambda asked: asked.server.exports.complete()))),
    export("poll-html", "A poll is answered with an HTML page and status 200.",
           always(polls, says(200, "<p>done</p>", "text/html")), "without an export manifest"),
]  # fmt: skip


def _without(*kinds):
    """Remove the files of some types from a manifest."""

    def answer(asked):
        output = [one for one in asked.server.exports.manifest()["output"]
                  if one["type"] not in kinds]  # fmt: skip
        return manifest(output=output)(asked)

    return always(polls, answer)


def _twice(asked):
    output = asked.server.exports.manifest()["output"]
    return manifest(output=[*output, *output])(asked)


NEXT = [{"relation": "next", "url": "more"}]
TOLD = [
    export("manifest-without-output", "The manifest has no output.",
           always(polls, manifest(output=None)), "without an export manifest"),
    export("manifest-of-nothing", "The manifest has no files.",
           always(polls, manifest(output=[])), "procedure"),
    export("manifest-without-scores", "The manifest has no file of pain scores.",
           _without("Observation"), "pain score"),
    export("manifest-in-parts", "The manifest has a next page, which was not requested.",
           always(polls, manifest(link=NEXT)), "in several parts"),
    export("manifest-names-a-file-twice", "The manifest names each file twice.",
           always(polls, _twice)),
    export("files-at-relative-urls", "The files' URLs are relative.", each_file(relative)),
    export("files-at-a-storage", "The files are on another host, which requires no login.",
           each_file(at("storage"), requiresAccessToken=False)),
    export("files-at-a-storage-with-our-login",
           "The files have the URL of another host and require the login: they are fetched at our "
           "base URL.",
           each_file(at("storage"), requiresAccessToken=True), warns="calls itself"),
    export("files-elsewhere-with-our-login", "The files are on another host, and require the "
                                             "login.",
           each_file(at("https://other.example/r4"), requiresAccessToken=True),
           "refers to https://other.example"),
    export("files-elsewhere-in-clear", "The files are on another host, by plain http.",
           each_file(at("http://other.example")), "refers to http://other.example"),
    export("count-too-low", "The manifest counts one line less in each file.",
           each_file(counting(lambda count: count - 1)), seen="LinuxForHealth#2673",
           warns="the manifest counts"),
    export("count-too-high", "The manifest counts one line more in each file.",
           each_file(counting(lambda count: count + 1)), seen="LinuxForHealth#2673",
           warns="the manifest counts"),
    export("count-absent", "The manifest counts nothing.", each_file(counting(lambda _: None))),
    export("error-file", "The manifest has a file of errors.", having("error", outcome("error")),
           "reports 1 errors", ways=EXPORT),
    export("outcome-file", "The manifest has a file of errors under the name of version 3.",
           having("outcome", outcome("fatal")), "reports 1 errors"),
    export("error-file-of-warnings", "The manifest has a file of warnings.",
           having("error", outcome("warning")), warns="reports 1 warnings"),
    export("error-file-suppressed",
           "The file of errors has a warning that rows are withheld (suppressed).",
           having("error", outcome("warning", "suppressed")), "withholds rows of the export",
           ways=EXPORT),
    export("error-file-suppressed-accepted", "The same, and the study accepts it.",
           having("error", outcome("warning", "suppressed")),
           settings=("source.withheld='accept'",), warns="withholds rows (suppressed)"),
    export("error-file-cut-short", "The file of errors has a warning that the result is "
                                   "incomplete.",
           having("error", outcome("warning", "incomplete")), "not complete (incomplete)"),
    export("error-file-cut-off", "The manifest has a file of errors that cannot be read.",
           having("error", b"{cut\n"), "reports 1 errors"),
    export("no-transactionTime", "The manifest has no transactionTime; a day and a night follow.",
           always(polls, manifest(transactionTime=None)), is_followed=True,
           warns="has no transactionTime"),
    export("transactionTime-in-the-future",
           "The manifest's transactionTime is a year ahead; a day and a night follow.",
           always(polls, manifest(transactionTime="2027-03-01T12:00:00Z")), is_followed=True),
    export("transactionTime-in-the-past",
           "The manifest's transactionTime is a year ago; a day and a night follow.",
           always(polls, manifest(transactionTime="2025-03-01T12:00:00Z")), is_followed=True),
    export("transactionTime-with-two-zones",
           "The manifest's transactionTime ends in +00:00Z; a day and a night follow.",
           always(polls, manifest(transactionTime="2026-03-01T12:00:00+00:00Z")),
           is_followed=True),
    export("deletions-not-told-reconciled",
           "The manifest has no deletions, in a pull that compares all ids.",
           always(polls, manifest(deleted=None)), is_compared=True, ways=(BULK_NIGHTLY,)),
    export("deletions-cut-off", "The file of deletions cannot be read.",
           having("deleted", b"{cut\n"), "not a Bundle of deletions", ways=(BULK_NIGHTLY,)),
]  # fmt: skip

ALL_OF_THEM = [member(one) for one in "abc"]
OF_A_GROUP = ("source.export='Group/g'",)


def of_group(name, says, fault, fails="", members=(), **more):
    """Return a case of the export of a Group."""
    return export(
        name, says, fault, fails, resources=(group(*members),),
        settings=(*OF_A_GROUP, *more.pop("also", ())), **more,
    )  # fmt: skip


GROUPS = [
    of_group("group-of-some", "A Group of all patients except one is exported.", lambda: honest,
             members=ALL_OF_THEM),
    of_group("group-without-members", "The Group lists no members, and all patients are exported.",
             meets((groups, showing(member=[])), (kick_offs, everybody)),
             "of them is an active member. Check", members=ALL_OF_THEM),
    of_group("group-exports-others", "Patients who are not in the Group are exported.",
             always(kick_offs, everybody), "are not members", members=ALL_OF_THEM),
    of_group("group-member-left", "A patient who has left the Group is exported.", lambda: honest,
             members=[*ALL_OF_THEM, member("z", inactive=True)],
             reads={"stranger": ("ignored", "left-group")}, warns="3 active members of 4"),
    of_group("group-membership-over", "The same: the period of the membership has ended.",
             lambda: honest, members=[*ALL_OF_THEM, member("z", period={"end": "2026-02"})],
             reads={"stranger": ("ignored", "left-group")}, warns="3 active members of 4"),
    of_group("group-lacks-a-member", "A member of the Group is not exported.",
             always(kick_offs, without("c")), "lacks 1 of its 3 active members",
             members=ALL_OF_THEM),
    of_group("group-403", "The Group is answered 403.", always(groups, says(403)),
             "the members of Group/g are not known", members=ALL_OF_THEM),
    of_group("group-403-listed", "The same, and the study file lists its members.",
             always(groups, says(403)), members=ALL_OF_THEM,
             also=("source.patients=['a', 'b', 'c']",)),
    of_group("group-of-groups", "A member of the Group is a Group.",
             always(groups, showing(member=[{"entity": {"reference": "Group/h"}}])),
             "1 are Groups", members=ALL_OF_THEM),
    of_group("group-in-part", "The Group counts more members than it lists.",
             always(groups, showing(quantity=9)), "counts 9 members but lists 3",
             members=ALL_OF_THEM),
]  # fmt: skip

CASES = [*BEGUN, *STANDS, *TOLD, *GROUPS]
