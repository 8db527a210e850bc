"""Choose the source for the strategy of a study."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from abate.auth.servers import source_server
from abate.config.settings import Settings
from abate.source import PullSource
from abate.source.bulk.source import BulkSource
from abate.source.files.source import FilesSource
from abate.source.search.source import SearchSource
from abate.telemetry.log import Log

if TYPE_CHECKING:
    from abate.ingest.server_state import ServerState


@contextmanager
def choose_source(
    settings: Settings, folder: Path, kept: "ServerState", log: Log
) -> Iterator[PullSource]:
    """Yield the source of the study's resources; a server's sessions are closed at the end.

    Args:
        settings: the settings of the study.
        folder: the base of relative paths.
        kept: the state of the store.
        log: receives messages about unusual behaviour of a server.

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
            yield SearchSource(server, source, kept)
