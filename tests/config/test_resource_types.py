"""One list of the types: what is read, written, asked for as scopes and tried follows from it."""

import pytest

from abate.auth import scopes
from abate.auth.servers import read_scopes
from abate.config.settings import Coded, Settings
from abate.config.source import SourceQuery
from abate.fhir import types
from abate.fhir.types import READ, READ_NAMES, WRITTEN_NAMES
from abate.mapping.statements import sql
from abate.sandbox.search import parameters
from abate.survey.probes import read


def test_each_table_of_codes_is_searched_in_one_type():
    tables = []
    for name, field in Settings.model_fields.items():
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        if any(isinstance(kind, type) and issubclass(kind, Coded) for kind in kinds):
            tables.append(name)
    assert sorted(tables) == sorted(types.CODED_SECTIONS)


def test_what_is_read_is_mapped_and_nothing_else():
    for kind in READ_NAMES:
        assert sql(kind.lower())


def test_each_type_that_is_searched_by_code_can_be_searched_by_category():
    names = [name.capitalize() for name in SourceQuery.model_fields]
    assert names == [one.name for one in READ if one.sections]


def test_check_has_a_row_for_each_type_and_each_search_by_code():
    first = [probe.what for probe in (*read.READ, *read.BY_CODE)]
    for one in READ:
        assert any(row.endswith(f" {one.name}") for row in first)
        assert (f"{one.name} by code" in first) == bool(one.sections)


def test_the_sandbox_knows_each_type_that_is_read_or_written():
    assert set(READ_NAMES) | set(WRITTEN_NAMES) <= set(parameters.PARAMETERS)


def test_a_report_asks_for_the_types_that_it_writes_and_no_others():
    assert {one.split("/")[1].split(".")[0] for one in scopes.WRITE} == set(WRITTEN_NAMES)


@pytest.fixture
def settings_of():
    """The settings of a study with what it must say, and some tables more."""

    def make(**tables):
        said = {
            "study": {"id": "small", "timezone": "Europe/Vienna"},
            "source": {"url": "https://fhir.example.com"},
            "index": {"codes": ["urn:s|treat"]},
            "scores": {"codes": ["urn:s|pain"]},
            "visits": {"Wk1": 7},
        }
        return Settings.model_validate({**said, **tables})

    return make


class TestScopesOfAPull:
    """A login asks for what the study needs."""

    BARE = ("system/Observation.rs", "system/Patient.rs", "system/Procedure.rs")

    def test_conditions_are_asked_for_only_by_a_study_that_looks_for_some(self, settings_of):
        assert read_scopes(settings_of()) == self.BARE
        for table in ("condition", "event"):
            found = read_scopes(settings_of(**{table: {"x": {"codes": ["urn:s|x"]}}}))
            assert found == ("system/Condition.rs", *self.BARE)

    def test_procedures_besides_the_index_need_nothing_more(self, settings_of):
        assert read_scopes(settings_of(history={"x": {"codes": ["urn:s|x"]}})) == self.BARE

    def test_a_group_is_asked_for_where_the_study_names_one(self, settings_of):
        source = {"url": "https://fhir.example.com", "patients": ["Group/g"]}
        assert read_scopes(settings_of(source=source)) == ("system/Group.rs", *self.BARE)
