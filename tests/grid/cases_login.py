"""Faults of the login during a run: expired tokens, and failing token endpoints."""

from case import Case, everywhere
from fault import RESET, always, first, later_scores, meets, says, scores
from faults_export import at, each_file, files, manifest, polls, to_storage
from ways import BULK, SEARCH

ALL = (*SEARCH, BULK)
HTML = says(200, "<p>log in</p>", "text/html")


# Faults observed at a server; the others are assumed.
OBSERVED = "token-refused-for-good"


def login(name, says, fault, fails="", ways=ALL, **more):
    """Return a case of a study with a login."""
    fails = everywhere(fails, ways) if fails else {}
    seen = more.pop("seen", "observed" if name in OBSERVED else "assumed")
    return Case(
        id=name, says=says, seen=seen, fault=fault, fails=fails, ways=ways, has_login=True, **more
    )  # fmt: skip


def _later(asked):
    """Return whether a page or a file is requested during the run."""
    return later_scores(asked) or (scores(asked) and files(asked))


def _expired(asked):
    asked.server.tokens.expire()
    return asked.honest


def _renewals(asked):
    """Return whether a token is requested to replace an expired one."""
    return asked.kind == "token" and asked.server.tokens.has_expired


def _renewal(what, times=None):
    """Let the token expire once during the run, with a fault of the token endpoint."""

    def begin():
        expiring = first(_later, _expired)()
        renewing = (first(_renewals, what, times) if times else always(_renewals, what))()
        return lambda asked: (renewing if asked.kind == "token" else expiring)(asked)

    return begin


def _error(code):
    return says(400, f'{{"error": "{code}"}}', "application/json")


CASES = [
    login("token-expires", "The token expires during the run: a page or a file is answered 401.",
          first(_later, _expired), seen="FHIR-PYrate#132"),
    login("token-refused-for-good", "A page or a file is answered 401, whatever the token.",
          always(_later, says(401)), "login refused"),
    login("token-endpoint-429", "During the run, the token endpoint answers 429 twice.",
          _renewal(says(429, Retry_After=7), 2), seen="cumulus-etl#399"),
    login("token-endpoint-503", "During the run, the token endpoint answers 503 twice.",
          _renewal(says(503), 2), seen="cumulus-etl#399"),
    login("token-endpoint-503-for-good", "During the run, the token endpoint answers only 503.",
          _renewal(says(503)), "token answered 503 after repeated attempts"),
    login("token-endpoint-reset", "During the run, the token endpoint resets the connection once.",
          _renewal(lambda _: [RESET], 1)),
    login("token-endpoint-400", "During the run, the token endpoint answers 400 invalid_client.",
          _renewal(_error("invalid_client")), "refuses the login (400, invalid_client)"),
    login("token-endpoint-html", "During the run, the token endpoint answers an HTML page with "
                                 "200.",
          _renewal(HTML), "not like a token endpoint"),
    login("token-endpoint-without-a-token", "During the run, the token endpoint answers {} with "
                                            "200.",
          _renewal(says(200, "{}", "application/json")), "without a bearer token"),
    login("files-want-the-token", "The manifest declares that its files require no token, but "
                                  "they do.",
          always(polls, manifest(requiresAccessToken=False)), "401", ways=(BULK,)),
    login("files-say-nothing-of-a-token", "The manifest does not declare whether its files "
                                          "require a token.",
          always(polls, manifest(requiresAccessToken=None)), ways=(BULK,)),
    login("token-not-for-the-storage", "Files are on another host, which accepts no token.",
          each_file(at("storage"), requiresAccessToken=False), seen="fhir.cerner.com#899",
          ways=(BULK,)),
    login("token-not-for-the-redirect", "Files are redirected to a host that accepts no token.",
          meets((files, to_storage)), seen="fhir.cerner.com#899", ways=(BULK,)),
]  # fmt: skip
