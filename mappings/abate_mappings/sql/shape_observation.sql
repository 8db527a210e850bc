-- What is read of a Observation that landed.
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

-- A number is shown as it was sent, 6.50 and not 6.5: only its text says how. A whole one is as it is read.
create or replace temp macro needs_text(r) as
  r.valuequantity is not null
  and not regexp_full_match(coalesce(r.valuequantity ->> '$.value', ''), '[1-9]\d*');

-- The number of a quantity as it was sent; null where the text shows none.
create or replace temp macro sent_of(resource) as
  nullif(
    regexp_extract(
      cast(resource as varchar), '"valueQuantity"\s*:\s*\{[^{}]*"value"\s*:\s*(-?[0-9.eE+-]+)', 1
    ),
    ''
  );
