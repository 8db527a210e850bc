"""Landing: one resource a line, one file a type, in a private folder that goes at the end."""

import stat

import pytest

from abate.errors import StoreError
from abate.landing import Landing


def test_resources_land_one_a_line_and_one_file_a_type_as_they_were_sent(tmp_path):
    with Landing(tmp_path / "landing") as landing:
        landing.write("Patient", b'{"id":  "a", "x": 6.50}')
        landing.write("Observation", b'{"id": "b"}')
        landing.write("Patient", b'{"id": "c"}')
        landing.close()
        assert landing.path("Patient").read_bytes() == b'{"id":  "a", "x": 6.50}\n{"id": "c"}\n'
        assert landing.path("Observation").read_bytes() == b'{"id": "b"}\n'


@pytest.mark.parametrize(
    ("sent", "landed"),
    [
        (b'{\n "x": 6.50\n}', b'{"x":6.50}\n'),
        (b'{\r\n "x": "a\\nb"\r\n}', b'{"x":"a\\nb"}\n'),
        (b'{"x":\n', b'{"x": \n'),
        (b'{"x":' * 3000 + b"\n1" + b"}" * 3000, b'{"x":' * 3000 + b" 1" + b"}" * 3000 + b"\n"),
    ],
)
def test_a_resource_with_newlines_becomes_one_line(tmp_path, sent, landed):
    with Landing(tmp_path / "landing") as landing:
        landing.write("Patient", sent)
        landing.close()
        assert landing.path("Patient").read_bytes() == landed


def test_the_folder_is_the_owners_alone_and_goes_at_the_end_and_on_an_error(tmp_path):
    folder = tmp_path / "landing"

    def fail():
        with Landing(folder) as landing:
            landing.write("Patient", b"{}")
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not folder.exists()


def test_what_a_killed_run_left_behind_does_not_land_again(tmp_path):
    folder = tmp_path / "landing"
    folder.mkdir()
    (folder / "Patient.ndjson").write_bytes(b'{"id": "old"}\n')
    with Landing(folder) as landing:
        assert not landing.path("Patient").exists()


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(StoreError, match=r"nothing can be landed in .*: Not a directory"):
        Landing(tmp_path / "file" / "landing").__enter__()


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(tmp_path):
    with Landing(tmp_path / "landing") as landing:
        landing.path("Patient").mkdir()
        with pytest.raises(StoreError, match=r"nothing can be landed in .*: Is a directory"):
            landing.write("Patient", b"{}")
