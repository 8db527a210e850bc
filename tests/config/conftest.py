"""A small study file that says all it must, and a way to read a changed one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from abate.config.reader import read
from abate.errors import StudyFileError

SMALL = """\
[study]
id = "small"
timezone = "Europe/Vienna"

[source]
url = "http://127.0.0.1:8080/fhir"

[index]
codes = ["list:cementoplasty"]

[adjunct.rfa]
codes = ["list:bone-ablation"]

[scores]
codes = ["list:pain-intensity"]

[visits]
baseline = { from = -7, to = 0 }
D1 = 1
Wk1 = { day = 7, from = 5, to = 10 }

[[analysis]]
use = "profile"

[[analysis]]
use = "paired-change"
endpoint = "Wk1"
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The small study file, without a fault."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL, "utf-8")
    return path


@pytest.fixture
def fault(small: Path) -> Callable[..., list[str]]:
    """The lines of the error of the small file with `old` replaced by `new`, without its folder."""

    def told(old: str = "", new: str = "", *overrides: str) -> list[str]:
        assert old in SMALL
        small.write_text(SMALL.replace(old, new, 1) if old else SMALL, "utf-8")
        with pytest.raises(StudyFileError) as caught:
            read(small, overrides)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        return str(caught.value).replace(f"{small.parent}/", "").splitlines()

    return told
