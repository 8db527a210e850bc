"""A small study in folders of its own: each pull brings the store of a folder up to date."""

from contextlib import contextmanager

from abate.analysis import loader
from abate.config.reader import read
from abate.ingest.ingest import How, refresh
from abate.store.database import open_store
from abate.telemetry.status import held
from heard import sentences

TABLES = ("patient", "procedure", "condition", "observation")
_STUDY = """
[study]
id = "{id}"
timezone = "Asia/Hong_Kong"
[source]
url = "{base}"
{source}
[index]
codes = ["{system}|treat"]
[condition.primary]
codes = ["{system}|tumour"]
[scores]
codes = ["{scores}"]
[visits]
baseline = {{ from = -7, to = 0 }}
{visits}
{tables}
[plugins]
allow = ["abate_analyses", "abate_mappings"]
"""


def study_text(
    base,
    source="",
    tables="",
    *,
    name="small",
    visits="Wk1 = 7",
    system="urn:s",
    scores="http://loinc.org|72514-3",
):
    """The study file of the resources of `made`, from the server at `base`.

    `source` has more keys of `[source]`, `tables` more tables.
    """
    return _STUDY.format(
        id=name, base=base, source=source, tables=tables, visits=visits, system=system,
        scores=scores,
    )  # fmt: skip


_hosts = {}


class Pulls:
    """Folders of one study beside each other, and what the pulls leave in their stores.

    Attributes:
        folder: has a folder for each name; the name "." is the folder itself.
        text: gives the study file.
        name: the folder that is meant without a name.
        said: the sentences of the last pull.
    """

    def __init__(self, folder, text, name="nightly"):
        self.folder, self.text, self.name, self.said = folder, text, name, []

    def study(self, name=None, overrides=()):
        """Write the study file, and read it with `--set` overrides."""
        folder = self.folder / (name or self.name)
        folder.mkdir(exist_ok=True)
        (folder / "study.toml").write_text(self.text(), "utf-8")
        return read(folder / "study.toml", overrides)

    @contextmanager
    def refreshed(self, name=None, overrides=(), **how):
        """Refresh the store; gives the study file, the open store and the progress of the run."""
        study = self.study(name, overrides)
        self.said.clear()
        with (
            held(study.output, "run", sentences(self.said.append)) as progress,
            refresh(study, self.host(study), progress, How(**how)) as store,
        ):
            yield study, store, progress

    def host(self, study):
        """The plugins of a study, loaded once in a process."""
        key = study.settings.plugins.model_dump_json()
        if key not in _hosts:
            _hosts[key] = loader.load(study.settings.plugins)
        return _hosts[key]

    def pull(self, name=None, overrides=(), **how):
        """One refresh of the store; gives the rows of its tables, without run ids."""
        with self.refreshed(name, overrides, **how):
            pass
        return self.rows(name)

    def fresh(self, overrides=()):
        """The rows of a store that pulls everything anew."""
        self.store("fresh").unlink(missing_ok=True)
        return self.pull("fresh", overrides)

    def store(self, name=None):
        """The path of the store."""
        return self.folder / (name or self.name) / "abate-output" / "store.duckdb"

    def ask(self, sql, name=None):
        """The rows of one query of the store."""
        with open_store(self.store(name)) as store:
            return store.rows(sql)

    def rows(self, name=None):
        """The rows of the store's tables, without run ids."""
        with open_store(self.store(name)) as store:
            return rows_of(store)


def rows_of(store):
    """The rows of the tables of an open store, without run ids."""
    return {
        table: store.rows(f"select * exclude (run_id) from {table} order by id") for table in TABLES
    }
