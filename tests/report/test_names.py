"""The names that abate writes: one OID, an arc for each."""

import re
from uuid import UUID

from abate.fhir import canonical

OF_TODAY = {
    name: value
    for name, value in vars(canonical).items()
    if isinstance(value, str) and value.startswith(f"{canonical.ROOT}.")
}


def test_the_oid_is_made_of_the_uuid_and_a_valid_one_of_fhir():
    made_of = UUID("8e69aff9-0b65-4898-b823-87ac36f2dcd6")
    assert made_of.version == 4
    assert f"2.25.{made_of.int}" == canonical.OID
    # https://hl7.org/fhir/R4/datatypes.html#oid
    for name in OF_TODAY.values():
        assert re.fullmatch(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+", name)


def test_each_name_has_an_arc_of_its_own():
    assert len(OF_TODAY) == len(set(OF_TODAY.values())) == 13
    assert len(set(canonical.NAMES_OF_0_1.values())) == len(canonical.NAMES_OF_0_1)
    assert set(canonical.NAMES_OF_0_1) <= set(OF_TODAY.values())


def test_a_measures_url_tells_its_id():
    url = canonical.measure_url("44dca667-603f-5859-b8c8-cefea284ee45")
    assert url == f"{canonical.MEASURE}.91533184092534027075063419886111092293"


def test_the_url_of_the_extension_is_a_url_as_fhir_demands():
    assert canonical.DIGEST.startswith("https://")
