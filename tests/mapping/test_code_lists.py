"""Code lists: how they are read, joined and resolved, and those that come with abate."""

import json
from importlib.resources import files

import pytest

from abate.errors import StudyFileError
from abate.mapping.code_lists import Code, load, resolve

SHIPPED = load([files("abate_mappings") / "codes"])
LOINC = "http://loinc.org"


@pytest.fixture
def pack(tmp_path):
    """Write code lists: `{file: text}` in a folder of that name."""

    def write(name, **texts):
        folder = tmp_path / name
        folder.mkdir()
        for file, text in texts.items():
            (folder / f"{file}.toml").write_text(text, "utf-8")
        return folder

    return write


def toml(name, *codes):
    """A code list as TOML text."""
    lines = [f'list = "{name}"']
    for code in codes:
        fields = {"system": "urn:s", "name": "a name", "source": "a source", **code}
        lines += ["[[code]]", *(f"{key} = {json.dumps(value)}" for key, value in fields.items())]
    return "\n".join(lines)


def test_lists_of_one_name_are_joined_over_files_and_packs_each_code_once(pack):
    first = pack("first", a=toml("pain", {"code": "1"}), b=toml("pain", {"code": "2"}))
    second = pack(
        "second", a=toml("pain", {"code": "2"}, {"code": "3"}), b=toml("sites", {"code": "1"})
    )
    lists = load([first, second])
    assert {name: [code.code for code in codes] for name, codes in lists.items()} == {
        "pain": ["1", "2", "3"],
        "sites": ["1"],
    }


def test_a_code_may_stand_in_two_packs_with_two_sources(pack):
    first = pack("first", a=toml("pain", {"code": "1", "scale": 10}))
    second = pack("second", a=toml("pain", {"code": "1", "scale": 10, "source": "ours"}))
    assert [code.source for code in load([first, second])["pain"]] == ["a source"]


def test_a_code_with_two_meanings_is_refused_by_file_list_and_code(pack):
    first = pack("first", a=toml("pain", {"code": "1", "scale": 10}))
    second = pack("second", b=toml("pain", {"code": "1", "scale": 100}))
    with pytest.raises(
        StudyFileError, match=r"second/b\.toml: urn:s\|1 is in the list 'pain' twice"
    ):
        load([first, second])


def test_the_same_code_of_another_system_is_another_code(pack):
    other = {"code": "1", "system": "urn:t", "scale": 100}
    assert len(load([pack("p", a=toml("pain", {"code": "1", "scale": 10}, other))])["pain"]) == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("list = nothing", r"line 1, column 8"),
        ('title = "x"', "missing required field `list`"),
        (toml("pain", {"code": 1}), r"Expected `str`, got `int` - at `\$\.code\[0\]\.code`"),
        (toml("pain", {"code": ""}), "length >= 1"),
        (toml("pain", {"code": "1", "source": ""}), "length >= 1"),
        (toml("pain", {"code": "1"}).replace("source", "sauce"), "unknown field `sauce`"),
        (
            toml("pain", {"code": "1"}).replace('source = "a source"', ""),
            "missing required field `source`",
        ),
        (toml("pain", {"code": "1", "scale": 0}), "> 0"),
        (toml("pain", {"code": "1"}) + "\nscale = nan", "> 0"),
        (toml("pain", {"code": "1"}) + "\nscale = inf", "<= 1000"),
        (toml("pain", {"code": "1", "value": -1}), ">= 0"),
    ],
)
def test_a_file_that_is_no_code_list_is_named_with_its_fault(pack, text, fault):
    with pytest.raises(
        StudyFileError, match=rf"p/broken\.toml: this is not a code list: .*{fault}"
    ):
        load([pack("p", good=toml("pain"), broken=text)])


def test_a_file_that_is_not_utf_8_is_named(pack):
    folder = pack("p")
    (folder / "broken.toml").write_bytes(b'list = "\xff"')
    with pytest.raises(StudyFileError, match=r"p/broken\.toml: this is not a code list"):
        load([folder])


def test_a_file_that_cannot_be_read_is_named(pack):
    folder = pack("p")
    (folder / "broken.toml").mkdir()
    with pytest.raises(
        StudyFileError, match=r"p/broken\.toml: this cannot be read: Is a directory"
    ):
        load([folder])


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StudyFileError, match=r"missing: there is no such folder of code lists"):
        load([tmp_path / "missing"])


def test_files_that_are_no_toml_are_left_alone(pack):
    folder = pack("p", a=toml("pain"))
    (folder / "README.md").write_text("no list", "utf-8")
    assert list(load([folder])) == ["pain"]


def test_a_reference_is_a_list_or_one_code_and_each_code_comes_once(pack):
    lists = load([pack("p", a=toml("pain", {"code": "1"}, {"code": "2"}))])
    codes = resolve(["urn:s|2", "list:pain", "urn:s|2"], lists)
    assert [code.code for code in codes] == ["2", "1"]


def test_a_single_code_has_the_meaning_that_a_list_gives_it():
    (code,) = resolve([f"{LOINC}|72514-3"], SHIPPED)
    assert (code.instrument, code.scale) == ("NRS", 10)


def test_a_single_code_that_no_list_has_means_itself():
    assert resolve(["urn:local|a|b"], SHIPPED) == (
        Code(system="urn:local|a", code="b", name="b", source="the study file"),
    )


def test_an_unknown_list_is_named_with_the_nearest_and_all_others(pack):
    lists = load([pack("p", a=toml("pain-intensity"), b=toml("sites"))])
    with pytest.raises(StudyFileError) as caught:
        resolve(["list:pain-intensitty"], lists)
    assert str(caught.value) == (
        "there is no code list 'pain-intensitty'. Did you mean 'pain-intensity'? "
        "Lists: pain-intensity, sites."
    )


@pytest.mark.parametrize("reference", ["pain", "72514-3", "|72514-3", f"{LOINC}|", "", "LIST:pain"])
def test_a_reference_that_is_neither_is_refused(reference):
    with pytest.raises(StudyFileError, match=r"is neither 'list:NAME' nor 'system\|code'"):
        resolve([reference], SHIPPED)


def test_every_shipped_file_is_a_list_of_its_own_name():
    folder = files("abate_mappings") / "codes"
    names = {
        file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")
    }
    assert set(SHIPPED) == names


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_code_names_a_system_and_a_source(name):
    for code in SHIPPED[name]:
        assert code.system.startswith(("http://", "https://", "urn:oid:2.25."))
        assert code.source.strip()
        assert code.code == code.code.strip()


def test_the_answers_are_eleven_numbers_under_both_spellings_of_the_system():
    for system in (LOINC, "https://loinc.org"):
        answers = {
            code.code: code.value for code in SHIPPED["pain-answers"] if code.system == system
        }
        assert sorted(answers.values()) == list(range(11))
        assert answers["LA6113-0"] == 2


def test_no_code_is_both_intensity_and_something_else():
    """Interference, panels and free text are no intensity: they must never be pulled as scores."""
    codes = {code.code for code in SHIPPED["pain-intensity"]}
    assert not codes & {
        "77565-0",
        "61758-9",
        "61769-6",
        "61773-8",
        "61775-3",
        "38213-5",
        "97339-6",
        "98137-3",
    }


def test_only_codes_whose_name_says_0_to_10_declare_a_scale():
    declared = {code.code for code in SHIPPED["pain-intensity"] if code.scale is not None}
    assert declared == {"72514-3", "54833-9"}
