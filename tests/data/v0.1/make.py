"""Make what abate 0.1 leaves behind; runs with the code of 0.1 only. See README.md.

git checkout d6c3d86 -- adapter plugins mappings
.venv/bin/python tests/data/v0.1/make.py
"""

import gzip
import json
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from abate.say import silent

from abate import study
from abate.sandbox import Sandbox, running
from abate.status import held
from abate.study_file import read

HERE = Path(__file__).parent
BUNDLE = HERE.parents[2] / "examples" / "cementoplasty" / "bundle.json"
PORT = 18080
PUBLISHED = ("CodeSystem", "Group", "List", "Measure", "MeasureReport", "Observation",
             "DiagnosticReport", "Provenance")  # fmt: skip


def main() -> None:
    """Run and publish the study, and keep what is left: with all cells, and with few hidden."""
    entries = json.loads(BUNDLE.read_text("utf-8"))["entry"]
    _pack("source.json", json.dumps(_collection([one["resource"] for one in entries])).encode())
    for name, overrides in (("published", []), ("published-5", ["report.minimum_cell=5"])):
        with TemporaryDirectory() as folder:
            output, published = _publish(Path(folder), overrides)
            _pack(f"{name}.json", json.dumps(_collection(published)).encode())
            if not overrides:
                for left in ("store.duckdb", "results.json"):
                    _pack(left, (output / left).read_bytes())
                for left in ("status.json", "runs.jsonl"):
                    shutil.copyfile(output / left, HERE / left)


def _publish(folder: Path, overrides: list[str]) -> tuple[Path, list[dict[str, object]]]:
    shutil.copytree(HERE / "study", folder, dirs_exist_ok=True)
    sandbox = Sandbox()
    sandbox.load(BUNDLE)
    os.environ["ABATE_LOG"] = "text"
    with running(sandbox, port=PORT) as url:
        study_file = read(folder / "study.toml", overrides)
        for command in ("run", "publish"):
            with held(study_file.output, command) as progress:
                if command == "run":
                    study.run(study_file, progress, silent)
                else:
                    study.write_back(study_file, progress, dry_run=False)
        return study_file.output, _written(url)


def _written(url: str) -> list[dict[str, object]]:
    """What abate has written, without the source's own resources."""
    found = []
    for kind in PUBLISHED:
        answer = requests.get(f"{url}/{kind}", params={"_count": "1000"}, timeout=10).json()
        found += [one["resource"] for one in answer.get("entry", ())]
    return [one for one in found if "content-digest" in json.dumps(one)]


def _collection(resources: list[dict[str, object]]) -> dict[str, object]:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in resources],
    }


def _pack(name: str, content: bytes) -> None:
    path = HERE / f"{name}.gz"
    path.write_bytes(gzip.compress(content, 9, mtime=0))
    sys.stdout.write(f"{path.name}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
