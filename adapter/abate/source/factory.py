"""The source that a study's strategy names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from abate.auth.servers import source_server
from abate.config.settings import StudyFile
from abate.source import Source
from abate.source.bulk.source import BulkSource
from abate.source.files.source import FilesSource
from abate.source.search.source import RestSource
from abate.telemetry.log import Log

if TYPE_CHECKING:
    from abate.ingest.server_state import Kept


@contextmanager
def chosen(study_file: StudyFile, kept: "Kept", log: Log) -> Iterator[Source]:
    """Where the study's resources come from; a server's sessions are closed at the end.

    Args:
        study_file: the study.
        kept: what its store has.
        log: told of what is odd about a server.

    Raises:
        AbateError: a secret is missing; or a TLS file, or plain http, cannot be used.
    """
    settings = study_file.settings.source
    if settings.strategy == "files":
        yield FilesSource(study_file, kept)
        return
    with source_server(study_file, log) as server:
        if settings.strategy == "bulk":
            yield BulkSource(server, settings, kept)
        else:
            yield RestSource(server, settings, kept)


def key(study_file: StudyFile, kept: "Kept") -> str:
    """What landed units are found again by; files are read anew: they may have changed."""
    return "" if study_file.settings.source.strategy == "files" else kept.key
