"""The study of 40 patients in which two endpoints differ by one of them."""

import shutil
from pathlib import Path

import pytest

from abate import study
from abate.analysis.results import Results
from abate.cohort import assemble as cohort_assemble
from abate.cohort.tables import Cohort
from abate.config.reader import read
from abate.config.settings import StudyFile
from abate.telemetry.status import held

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def differencing(tmp_path_factory) -> tuple[Cohort, StudyFile, Results]:
    """Its cohort, its study file, and its whole results."""
    folder = tmp_path_factory.mktemp("differencing")
    shutil.copytree(TESTS / "data" / "differencing", folder, dirs_exist_ok=True)
    shutil.copytree(TESTS.parent / "examples" / "cementoplasty" / "codes", folder / "codes")
    study_file = read(
        folder / "study.toml",
        ["source.strategy=files", f'source.files=["{folder}/data.ndjson"]'],
    )
    seen = []
    with pytest.MonkeyPatch.context() as patch, held(study_file.output, "run") as progress:
        assemble = cohort_assemble.assemble
        patch.setattr(
            cohort_assemble, "assemble", lambda *how: seen.append(assemble(*how)) or seen[0]
        )
        whole = study.run(study_file, progress)
    return seen[0], study_file, whole
