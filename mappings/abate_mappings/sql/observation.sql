-- One row is one Observation that landed: mapped to a pain score, ignored by rule, or rejected.
with
landed as (
  select
    json as resource,
    row_number() over () as line,
    from_json(
      json,
      '{"resourceType": "JSON", "id": "JSON",
        "meta": {"versionId": "JSON", "lastUpdated": "JSON"},
        "identifier": [{"system": "JSON"}],
        "status": "JSON",
        "code": {"coding": [{"system": "JSON", "code": "JSON"}]},
        "subject": {"reference": "JSON"},
        "encounter": {"reference": "JSON"},
        "focus": "JSON", "partOf": "JSON", "bodySite": "JSON", "referenceRange": "JSON",
        "effectiveDateTime": "JSON", "effectiveInstant": "JSON", "effectivePeriod": "JSON",
        "effectiveTiming": "JSON",
        "valueQuantity": {"value": "JSON", "comparator": "JSON", "unit": "JSON", "code": "JSON"},
        "valueInteger": "JSON",
        "valueCodeableConcept": {"coding": [{"system": "JSON", "code": "JSON"}]},
        "valueString": "JSON", "valueBoolean": "JSON", "valueRange": "JSON", "valueRatio": "JSON",
        "dataAbsentReason": "JSON"}'
    ) as r
  from read_ndjson_objects($path, ignore_errors = true)
),
read as (
  select
    line,
    text_of(r.id) as id,
    text_of(r.meta.versionid) as version,
    try_cast(text_of(r.meta.lastupdated) as timestamptz) as last_updated,
    coalesce(list_contains(list_transform(r.identifier, lambda i: text_of(i.system)), $own_system), false)
      as is_own,
    text_of(r.status) as status,
    codings_of(r.code.coding) as codings,
    r,
    resource
  from landed
  where text_of(r.resourcetype) = 'Observation' and text_of(r.id) is not null
),
coded as (
  select
    line,
    min(role.scale) as code_scale,
    max(role.scale) as other_code_scale,
    min(role.instrument) as instrument,
    max(role.instrument) as other_instrument,
    min(role.context) as context,
    max(role.context) as other_context
  from (select line, unnest(codings) as coding from read)
  inner join role
    on role.role = 'scores' and role.system = coding.system and role.code = coding.code
  group by line
),
answered as (
  select
    line,
    min(answer.value) as value,
    max(answer.value) as other_value,
    min(answer.scale) as scale
  from (select line, unnest(codings_of(r.valuecodeableconcept.coding)) as coding from read)
  inner join code_list as answer
    on answer.list = 'pain-answers' and answer.system = coding.system and answer.code = coding.code
  group by line
),
valued as (
  select
    read.*,
    coded.line is not null as is_score,
    coded.instrument,
    coded.context,
    coded.instrument is distinct from coded.other_instrument
      or coded.context is distinct from coded.other_context as is_mixed,
    coded.code_scale,
    coded.other_code_scale,
    answered.value as answer_value,
    answered.other_value as other_answer_value,
    answered.scale as answer_scale,
    id_of(r.subject.reference, 'Patient', $server) as patient_id,
    id_of(r.encounter.reference, 'Encounter', $server) as encounter_id,
    coalesce(text_of(r.effectivedatetime), text_of(r.effectiveinstant)) as effective,
    coalesce(text_of(r.valuequantity.code), text_of(r.valuequantity.unit)) as unit,
    number_of(r.valuequantity.value) as quantity,
    number_of(r.valueinteger) as integer_value,
    cast(r.valuequantity is not null as integer)
      + cast(r.valueinteger is not null as integer)
      + cast(r.valuecodeableconcept is not null as integer)
      + cast(coalesce(r.valuestring, r.valueboolean, r.valuerange, r.valueratio) is not null as integer)
      as values_given,
    references_of(r.focus, $server) as focus,
    references_of(r.partof, $server) as part_of,
    codings_of(from_json(r.bodysite, '{"coding": [{"system": "JSON", "code": "JSON"}]}').coding)
      as sites,
    from_json(r.referencerange, '[{"low": {"value": "JSON"}, "high": {"value": "JSON"}}]') as ranges
  from read
  left join coded using (line)
  left join answered using (line)
),
scaled as (
  select
    valued.*,
    coalesce(try_cast(quantity as double), try_cast(integer_value as double), answer_value) as number,
    case when unit in ('mm', 'cm') then unit_scale.scale end as unit_scale,
    case when unit not in ('mm', 'cm') then unit_scale.scale end as usual_scale,
    -- A normal range is no scale: only an upper end of 10 or 100, from 0, declares one.
    case
      when coalesce(list_min(list_transform(ranges, lambda g: try_cast(number_of(g.low.value) as double))), 0) = 0
        and list_max(list_transform(ranges, lambda g: try_cast(number_of(g.high.value) as double))) in (10, 100)
        then list_max(list_transform(ranges, lambda g: try_cast(number_of(g.high.value) as double)))
    end as range_scale
  from valued
  left join (select code, min(scale) as scale from code_list where list = 'pain-units' group by code)
    as unit_scale on unit_scale.code = valued.unit
),
declared as (
  select
    *,
    coalesce(unit_scale, range_scale, code_scale, answer_scale, usual_scale) as scale,
    list_unique(
      list_filter(
        [unit_scale, range_scale, code_scale, other_code_scale, answer_scale], lambda s: s is not null
      )
    ) > 1 as is_contradictory
  from scaled
),
judged as (
  select
    *,
    case
      when is_own then 'own-report'
      when len(codings) > 0 and not is_score then 'not-a-pain-score'
      when status in ('entered-in-error', 'cancelled') then 'status-' || status
      when r.dataabsentreason is not null and values_given = 0 then 'data-absent'
    end as rule,
    case
      when len(codings) = 0 then 'no-code'
      when coalesce(status, '') not in ('registered', 'preliminary', 'final', 'amended', 'corrected', 'unknown')
        then 'status-unknown'
      when patient_id is null then 'no-patient'
      when r.dataabsentreason is not null then 'value-and-data-absent'
      when coalesce(r.effectiveperiod, r.effectivetiming) is not null then 'effective-no-instant'
      when effective is null then 'no-effective-time'
      when moment_fault(effective, $source_zone) = 'malformed' then 'effective-malformed'
      when moment_fault(effective, $source_zone) = 'without-zone' then 'time-without-zone'
      when is_broken(r.focus, focus) or is_broken(r.partof, part_of) then 'reference-unreadable'
      when r.bodysite is not null and json_type(r.bodysite) <> 'OBJECT' then 'body-site-malformed'
      -- From here on it is the value alone, which a plugin's read_score may know how to read.
      when values_given > 1 then 'several-values'
      when r.valueinteger is not null and json_type(r.valueinteger) not in ('UBIGINT', 'BIGINT')
        then 'value-not-an-integer'
      when r.valuequantity.comparator is not null then 'comparator'
      when answer_value is distinct from other_answer_value then 'answers-differ'
      when values_given = 0 then 'no-value'
      when number is null or not isfinite(number) then 'value-not-a-number'
      when is_mixed then 'codes-differ'
      when number = 99 and coalesce(scale, 10) <= 10 then 'sentinel-99'
      when scale is null then 'scale-unknown'
      when is_contradictory then 'scale-contradictory'
      when number not between 0 and scale then 'out-of-range'
    end as fault,
    nullif(
      regexp_extract(
        cast(resource as varchar), '"valueQuantity"\s*:\s*\{[^{}]*"value"\s*:\s*(-?[0-9.eE+-]+)', 1
      ),
      ''
    ) as sent
  from declared
)
select
  $server as server,
  id,
  version,
  last_updated,
  case when rule is not null then 'ignored' when fault is not null then 'rejected' else 'mapped' end
    as state,
  coalesce(rule, fault) as reason,
  patient_id,
  encounter_id,
  status,
  effective,
  number * 10 / scale as value,
  -- As it was sent, 6.50 and not 6.5, where the text of the resource shows the same number.
  case
    when try_cast(sent as double) = number then sent
    else coalesce(quantity, integer_value, cast(answer_value as varchar))
  end as raw,
  unit,
  scale,
  instrument,
  context,
  focus,
  part_of,
  sites,
  resource
from judged
