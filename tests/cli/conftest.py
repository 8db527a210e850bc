"""The command line as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start `python -m abate`; what is still running at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: object, **environment: str) -> "subprocess.Popen[str]":
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(
            [sys.executable, "-m", "abate", *map(str, arguments)],
            env=os.environ | environment,
            cwd=tmp_path,
            text=True,
            encoding="utf-8",
            **pipes,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
