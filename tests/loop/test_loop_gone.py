"""What is gone from the server between two runs no longer counts."""


def baseline(ran):
    [course] = [one for one in ran.json["outcomes"] if one["name"] == "pain-course"]
    [first, *_] = course["result"]["estimates"]
    return first["n"]


def test_a_score_that_is_deleted_between_two_runs_no_longer_counts(loop):
    assert baseline(loop("run", "--json")) == 10
    loop.front.delete("Observation", "lesion-01-D0")
    assert baseline(loop("run", "--json")) == 9


def test_a_score_that_comes_back_counts_again(loop):
    [score] = [one for one in loop.all("Observation") if one["id"] == "lesion-01-D0"]
    loop.has_run()
    loop.front.delete("Observation", "lesion-01-D0")
    assert baseline(loop("run", "--json")) == 9
    loop.front.put(score)
    assert baseline(loop("run", "--json")) == 10


def test_a_type_that_is_gone_altogether_no_longer_counts(loop):
    loop.has_run()
    for condition in loop.all("Condition"):
        loop.front.delete("Condition", condition["id"])
    ran = loop("run", "--json")
    [profile] = [one for one in ran.json["outcomes"] if one["name"] == "profile"]
    names = [one["name"] for one in profile["result"]["estimates"]]
    assert [name for name in names if name.startswith("primary-")] == ["primary-not-assessable"]


def test_an_empty_cohort_leaves_no_older_results_to_publish(loop):
    loop.has_run()
    for procedure in loop.all("Procedure"):
        loop.front.put(procedure | {"status": "not-done"})
    assert loop("run").exit_code == 1
    ran = loop("publish")
    assert ran.exit_code == 1
    assert "abate run" in ran.err
    assert not loop.published()
