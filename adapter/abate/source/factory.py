"""The source that a study's strategy names."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from abate.auth.servers import source_server
from abate.config.settings import Settings
from abate.source import Source
from abate.source.bulk.source import BulkSource
from abate.source.files.source import FilesSource
from abate.source.search.source import RestSource
from abate.telemetry.log import Log

if TYPE_CHECKING:
    from abate.ingest.server_state import Kept


@contextmanager
def choose_source(settings: Settings, folder: Path, kept: "Kept", log: Log) -> Iterator[Source]:
    """Where the study's resources come from; a server's sessions are closed at the end.

    Args:
        settings: the study's.
        folder: where relative paths start.
        kept: what its store has.
        log: told of what is odd about a server.

    Raises:
        AbateError: a secret is missing; or a TLS file, or plain http, cannot be used.
    """
    source = settings.source
    if source.strategy == "files":
        yield FilesSource(source, folder, kept)
        return
    with source_server(settings, folder, log) as server:
        if source.strategy == "bulk":
            yield BulkSource(server, source, kept)
        else:
            yield RestSource(server, source, kept)
