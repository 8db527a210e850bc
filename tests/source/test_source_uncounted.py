"""A server without totals and counts: what shows that all arrived, and what is told of it."""

from datetime import UTC, datetime, timedelta

import pytest

from abate.errors import IncompletePull

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
CONFIRMS = "nothing confirms that all"


class Uncounted:
    """Serves scores, in the order of their ids, by `_lastUpdated` and page by page."""

    def __init__(self, script, rows, page, *, shown=None, most=None):
        self.script, self.rows, self.size = script, rows, page
        self.shown, self.most = shown or (lambda number: number), most
        script.pages["Observation"] = [self]

    def __call__(self, request):
        found = [row for row in self.rows if self._is_asked(row, request)]
        found = found[: self.most]
        number = int(request.args.get("at", "1"))
        first = (self.shown(number) - 1) * self.size
        following = None
        if number * self.size < len(found):
            bounds = request.args.getlist("_lastUpdated") or request.form.getlist("_lastUpdated")
            query = "&".join(f"_lastUpdated={one}" for one in bounds)
            following = f"{self.script.base}/Observation?at={number + 1}&{query}"
        page = found[first : first + self.size]
        return self.script.bundle(*page, following=following)

    def _is_asked(self, row, request):
        bounds = request.args.getlist("_lastUpdated") or request.form.getlist("_lastUpdated")
        at = datetime.fromisoformat(row["meta"]["lastUpdated"]) if "meta" in row else None
        return all(self._holds(at, one[:2], datetime.fromisoformat(one[2:])) for one in bounds)

    @staticmethod
    def _holds(at, prefix, bound):
        return at is not None and (at >= bound if prefix == "ge" else at < bound)


@pytest.fixture
def rows(resource):
    """So many scores, each changed so many seconds after the one before."""

    def made(count, seconds=1):
        return [
            resource["Observation"](f"s{number:04}")
            | {"meta": {"lastUpdated": (BEGIN + timedelta(seconds=number * seconds)).isoformat()}}
            for number in range(count)
        ]

    return made


def third_is_second(number):
    return 2 if number == 3 else number


def test_a_page_that_stands_twice_in_place_of_another_loses_no_row(script, pull, rows):
    """100 of 500 were lost: page 3 is page 2 again, and both passes agree."""
    Uncounted(script, rows(500), 100, shown=third_is_second)
    pulled = pull()
    assert sorted(pulled.ids("Observation")) == [f"s{number:04}" for number in range(500)]
    assert pulled.ledger.unconfirmed == []


def test_where_it_cannot_be_divided_an_id_that_comes_twice_is_an_error(script, pull, rows):
    Uncounted(script, rows(500, seconds=0), 100, shown=third_is_second)
    with pytest.raises(IncompletePull, match="ids come twice in each pass"):
        pull()


def test_one_pass_will_not_do_where_an_id_comes_twice(script, pull, rows):
    Uncounted(script, rows(500, seconds=0), 100, shown=third_is_second)
    with pytest.raises(IncompletePull, match="ids come twice in each pass"):
        pull(passes=1)


def test_links_that_end_early_lose_no_row(script, pull, rows):
    Uncounted(script, rows(50), 2, most=10)
    assert len(pull().ids("Observation")) == 50


def test_a_sound_server_is_passed_once_whole_and_once_in_halves(script, pull, rows):
    Uncounted(script, rows(50), 10)
    pulled = pull()
    assert pulled.ids("Observation") == [f"s{number:04}" for number in range(50)]
    pages = [url for _, url, _ in script.requests if "Observation" in url and "summary" not in url]
    # Five pages, then three in each half; and counts, which are refused.
    assert len([one for one in pages if "at=" in one]) == 4 + 2 + 2
    assert not [one for one in pulled.said if CONFIRMS in one]


def test_a_row_that_comes_twice_in_one_pass_only_is_no_error(script, pull, rows):
    found = rows(4, seconds=0)
    turns = iter([[*found[:3], found[0]], found[:4], found[:4]])
    script.pages["Observation"] = [lambda _: script.bundle(*next(turns))]
    assert len(pull().ids("Observation")) == 4


def test_where_only_passes_speak_for_a_query_the_run_warns_once(script, pull, resource):
    script.pages["Observation"] = [script.bundle(resource["Observation"]("s1"))]
    script.pages["Procedure"] = [script.bundle(resource["Procedure"]())]
    pulled = pull()
    assert pulled.ledger.unconfirmed == ["index procedures", "pain scores"]
    [told] = [one for one in pulled.said if CONFIRMS in one]
    assert told.startswith(
        "warning: nothing confirms that all index procedures, pain scores were received: "
        f"{script.base} gives no total and no count"
    )


def test_a_counted_pull_is_confirmed(pull):
    pulled = pull()
    assert pulled.ledger.unconfirmed == []
    assert not [one for one in pulled.said if CONFIRMS in one]


def test_patients_who_all_come_by_their_ids_need_no_count(script, pull):
    script.pages["Patient"] = [script.bundle({"resourceType": "Patient", "id": "p1"})]
    asked = pull().ledger
    [line] = [one for one in asked.lines if one.type == "Patient"]
    assert (line.received, line.expected) == (1, None)
