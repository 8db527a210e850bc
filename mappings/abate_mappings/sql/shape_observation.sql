-- The elements that are read of a landed Observation.
create or replace temp macro shape() as
  '{"status": "JSON",
    "code": {"coding": [{"system": "JSON", "code": "JSON"}]},
    "subject": {"reference": "JSON"},
    "encounter": {"reference": "JSON"},
    "focus": "JSON", "partOf": "JSON", "bodySite": "JSON", "referenceRange": "JSON",
    "effectiveDateTime": "JSON", "effectiveInstant": "JSON", "effectivePeriod": "JSON",
    "effectiveTiming": "JSON",
    "valueQuantity": "JSON", "valueInteger": "JSON", "valueCodeableConcept": "JSON",
    "valueString": "JSON", "valueBoolean": "JSON", "valueRange": "JSON", "valueRatio": "JSON",
    "valueSampledData": "JSON", "valueTime": "JSON", "valueDateTime": "JSON", "valuePeriod": "JSON",
    "dataAbsentReason": "JSON"}';

-- A number is shown as it was sent, 6.50 and not 6.5, which needs its text. A whole number does not.
create or replace temp macro needs_text(r) as
  r.valuequantity is not null
  and not regexp_full_match(coalesce(r.valuequantity ->> '$.value', ''), '[1-9]\d*');

-- The content of a JSON object up to one of its own elements: texts such as "{score}" and extensions have braces.
create or replace temp macro braced(content) as '(?:[^{}]|\{' || content || '\})*?';

-- The number of a quantity as it was sent; null if the text does not have it.
create or replace temp macro sent_of(resource, number) as
  list_filter(
    regexp_extract_all(
      cast(resource as varchar),
      '"valueQuantity"\s*:\s*\{' || braced(braced(braced(braced('[^{}]*'))))
        || '"value"\s*:\s*(-?[0-9.eE+-]+)',
      1
    ),
    lambda sent: coalesce(try_cast(sent as double) = number, false)
  )[1];

-- Whether it is a statistic that abate published, and whether it may be a score. Other types have no such macros:
-- planning them took 3 ms of CPU for each type (DuckDB 2.0.1, 2026-11).
create or replace temp macro is_own(head, own_systems) as is_own_report(head.identifier, own_systems);
create or replace temp macro is_of_use(head, score_codes) as reads_as_score(head.code.coding, score_codes);
