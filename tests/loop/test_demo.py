"""The demo: the whole loop, and its figures beside the paper's."""


def test_the_demo_prints_the_figures_of_the_paper_and_says_which_agree(abate):
    ran = abate("demo", "--json")
    assert ran.exit_code == 0
    figures = {figure["id"]: figure for figure in ran.json["figures"]}
    assert figures["4"]["ours"] == 0.039062
    assert figures["4-observed"]["ours"] == 0.125
    assert [key for key, figure in figures.items() if figure["agrees"] is False] == [
        "3-with-baseline",
        "4-observed",
        "5-strict",
        "13",
        "methods",
    ]
    assert [key for key, figure in figures.items() if figure["agrees"] is None] == ["8-M8"]


def test_the_demo_names_lesion_and_visit_where_the_data_contradict_the_paper(abate):
    shown = abate("demo", "--quiet", "--json").json["figures"]
    remarks = {one["id"]: " ".join(one["remarks"]) for one in shown}
    assert "lesion 6 at M5: 6, above its reference 2" in remarks["13"]
    assert "13 consecutive patients" in remarks["methods"]


def test_the_demo_publishes_once_and_finds_it_unchanged_the_second_time(abate):
    shown = abate("demo", "--json", "--quiet").json
    assert shown["published"]["create"] == shown["published_again"]["unchanged"] > 0
    assert shown["published_again"]["create"] == shown["published_again"]["update"] == 0


def test_the_demo_overwrites_no_file_that_was_changed(abate, tmp_path):
    assert abate("demo", "--quiet", "--directory", tmp_path / "pain").exit_code == 0
    assert abate("demo", "--quiet", "--directory", tmp_path / "pain").exit_code == 0
    changed = tmp_path / "pain" / "study.toml"
    changed.write_text("# mine\n", "utf-8")
    ran = abate("demo", "--directory", tmp_path / "pain")
    assert ran.exit_code == 2
    assert "study.toml is there with other content" in ran.err
    assert changed.read_text("utf-8") == "# mine\n"
