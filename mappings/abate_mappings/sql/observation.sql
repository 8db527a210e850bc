-- One row is one Observation that landed: mapped to a pain score, ignored by rule, or rejected.
with
parsed as (
  select
    rowid as place,
    id,
    version,
    last_updated,
    content,
    resource,
    from_json(
      resource,
      '{"identifier": [{"system": "JSON"}],
        "status": "JSON",
        "code": {"coding": [{"system": "JSON", "code": "JSON"}]},
        "subject": {"reference": "JSON"},
        "encounter": {"reference": "JSON"},
        "focus": "JSON", "partOf": "JSON", "bodySite": "JSON", "referenceRange": "JSON",
        "effectiveDateTime": "JSON", "effectiveInstant": "JSON", "effectivePeriod": "JSON",
        "effectiveTiming": "JSON",
        "valueQuantity": "JSON", "valueInteger": "JSON", "valueCodeableConcept": "JSON",
        "valueString": "JSON", "valueBoolean": "JSON", "valueRange": "JSON", "valueRatio": "JSON",
        "valueSampledData": "JSON", "valueTime": "JSON", "valueDateTime": "JSON", "valuePeriod": "JSON",
        "dataAbsentReason": "JSON"}'
    ) as r
  from landed
  where is_read and fault is null and rowid not in (select place from superseded)
),
read as (
  select
    place,
    id,
    version,
    last_updated,
    content,
    r.identifier is not null and is_own_report(r.identifier, $own_system) as is_own,
    text_of(r.status) as status,
    codings_of(r.code.coding) as codings,
    from_json(
      r.valuequantity, '{"value": "JSON", "comparator": "JSON", "unit": "JSON", "system": "JSON", "code": "JSON"}'
    ) as quantity,
    case
      when r.valuecodeableconcept is null then []
      else codings_of(
        from_json(r.valuecodeableconcept, '{"coding": [{"system": "JSON", "code": "JSON"}]}').coding
      )
    end as answers,
    from_json(r.referencerange, '[{"low": "JSON", "high": "JSON"}]') as ranges,
    cast(r.valuequantity is not null as integer)
      + cast(r.valueinteger is not null as integer)
      + cast(r.valuecodeableconcept is not null as integer)
      + cast(r.valuestring is not null as integer)
      + cast(r.valueboolean is not null as integer)
      + cast(r.valuerange is not null as integer)
      + cast(r.valueratio is not null as integer)
      + cast(r.valuesampleddata is not null as integer)
      + cast(r.valuetime is not null as integer)
      + cast(r.valuedatetime is not null as integer)
      + cast(r.valueperiod is not null as integer)
      as values_given,
    r,
    -- A whole number is sent as it is read.
    case
      when r.valuequantity is not null
        and not regexp_full_match(coalesce(r.valuequantity ->> '$.value', ''), '[1-9]\d*') then
        nullif(
          regexp_extract(
            cast(resource as varchar),
            '"valueQuantity"\s*:\s*\{[^{}]*"value"\s*:\s*(-?[0-9.eE+-]+)',
            1
          ),
          ''
        )
    end as sent,
    case when $keep_raw then resource end as resource
  from parsed
),
coded as (
  select
    place,
    min(role.scale) as code_scale,
    max(role.scale) as other_code_scale,
    min(role.instrument) as instrument,
    max(role.instrument) as other_instrument,
    min(role.context) as context,
    max(role.context) as other_context
  from (select place, unnest(codings) as coding from read)
  inner join role
    on role.role = 'scores' and role.system = coding.system and role.code = coding.code
  group by place
),
answered as (
  select
    place,
    min(answer.value) as value,
    max(answer.value) as other_value,
    min(answer.scale) as scale
  from (select place, unnest(answers) as coding from read)
  inner join code_list as answer
    on answer.list = 'pain-answers' and answer.system = coding.system and answer.code = coding.code
  group by place
),
valued as (
  select
    read.*,
    coded.place is not null as is_score,
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
    moment_fault(effective, $source_zone) as effective_fault,
    nullif(trim(text_of(quantity.code)), '') as unit_code,
    nullif(trim(text_of(quantity.unit)), '') as unit_text,
    rtrim(text_of(quantity.system), '/') as unit_system,
    coalesce(number_of(quantity.value), number_of(r.valueinteger)) as number_text,
    coalesce(json_type(r.valuequantity) <> 'OBJECT', false)
      or coalesce(json_type(r.valuecodeableconcept) <> 'OBJECT', false)
      or (quantity.unit is not null and text_of(quantity.unit) is null)
      or (quantity.system is not null and text_of(quantity.system) is null)
      or (quantity.code is not null and text_of(quantity.code) is null) as is_value_broken,
    references_of(r.focus, $server) as focus,
    references_of(r.partof, $server) as part_of,
    case
      when r.bodysite is null then []
      else codings_of(from_json(r.bodysite, '{"coding": [{"system": "JSON", "code": "JSON"}]}').coding)
    end as sites,
    case when ranges is not null then range_ends(list_transform(ranges, lambda g: g.low)) end as lows,
    case when ranges is not null then range_ends(list_transform(ranges, lambda g: g.high)) end as highs,
    r.referencerange is not null
      and (
        json_type(r.referencerange) <> 'ARRAY'
        or len(list_filter(coalesce(ranges, []), lambda g: is_end_broken(g.low) or is_end_broken(g.high)))
          > 0
      ) as is_range_broken
  from read
  left join coded using (place)
  left join answered using (place)
),
united as (
  select
    place,
    bool_or(is_by_code) as is_code_listed,
    bool_or(is_by_text) as is_text_listed,
    min(scale) filter (where not is_usual) as plain_scale,
    min(scale) filter (where is_usual) as usual_scale,
    min(scale) is distinct from max(scale) as is_mixed
  from (
    select
      place,
      one_unit.scale,
      coalesce(one_unit.site_group = 'usual', false) as is_usual,
      coalesce(
        one_unit.code = unit_code
          and rtrim(one_unit.system, '/') = coalesce(unit_system, rtrim(one_unit.system, '/')),
        false
      ) as is_by_code,
      coalesce(one_unit.system = $unit_texts and lower(one_unit.code) = lower(unit_text), false)
        as is_by_text
    from valued
    inner join code_list as one_unit
      on one_unit.list = 'pain-units' and lower(one_unit.code) in (lower(unit_code), lower(unit_text))
  )
  where is_by_code or is_by_text
  group by place
),
scaled as (
  select
    valued.*,
    coalesce(try_cast(number_text as double), answer_value) as number,
    united.plain_scale as unit_scale,
    -- What such a unit usually means says nothing where the range ends earlier: 0 to 5 is another scale.
    case when coalesce(list_max(highs), 10) >= 10 then united.usual_scale end as usual_scale,
    coalesce(united.is_mixed, false) as is_unit_mixed,
    -- The code says the unit, and without one the text. Beside a code any words may stand, but no percent.
    case
      when unit_code is not null and not coalesce(is_code_listed, false) then true
      when unit_text is null or coalesce(is_text_listed, false) or unit_text = unit_code then false
      else unit_code is null or contains(unit_text, '%')
    end as is_unit_unknown,
    -- A normal range is no scale: only an upper end of 10 or 100, from 0, declares one.
    case when coalesce(list_min(lows), 0) = 0 and list_max(highs) in (10, 100) then list_max(highs) end
      as range_scale
  from valued
  left join united using (place)
),
declared as (
  select
    *,
    coalesce(unit_scale, range_scale, code_scale, answer_scale, usual_scale) as scale,
    coalesce(
      least(unit_scale, range_scale, code_scale, other_code_scale, answer_scale)
        < greatest(unit_scale, range_scale, code_scale, other_code_scale, answer_scale),
      false
    )
      or is_unit_mixed
      or list_max(highs) > coalesce(unit_scale, range_scale, code_scale, answer_scale, usual_scale)
      as is_contradictory
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
      when status is null then 'no-status'
      when status not in ('registered', 'preliminary', 'final', 'amended', 'corrected', 'unknown')
        then 'status-malformed'
      when patient_id is null then 'no-patient'
      when r.dataabsentreason is not null then 'value-and-data-absent'
      when coalesce(r.effectiveperiod, r.effectivetiming) is not null then 'effective-no-instant'
      when r.effectivedatetime is not null and r.effectiveinstant is not null then 'several-effective-times'
      when coalesce(r.effectivedatetime, r.effectiveinstant) is null then 'no-effective-time'
      when effective is null then 'effective-malformed'
      when effective_fault = 'malformed' then 'effective-malformed'
      when effective_fault = 'without-zone' then 'time-without-zone'
      when is_broken(r.focus, focus) or is_broken(r.partof, part_of) then 'reference-unreadable'
      when r.bodysite is not null and json_type(r.bodysite) <> 'OBJECT' then 'body-site-malformed'
      -- From here on it is the value alone, which a plugin's read_score may know how to read.
      when values_given > 1 then 'several-values'
      when r.valueinteger is not null and json_type(r.valueinteger) not in ('UBIGINT', 'BIGINT')
        then 'value-not-an-integer'
      when is_value_broken then 'value-malformed'
      when quantity.comparator is not null then 'comparator'
      when answer_value is distinct from other_answer_value then 'answers-differ'
      when values_given = 0 then 'no-value'
      when number is null or not isfinite(number) then 'value-not-a-number'
      when is_mixed then 'codes-differ'
      when is_unit_unknown then 'unit-unknown'
      when number = 99 and coalesce(scale, 10) <= 10 then 'sentinel-99'
      when is_range_broken and coalesce(unit_scale, code_scale, answer_scale) is null then 'range-malformed'
      when scale is null then 'scale-unknown'
      when is_contradictory then 'scale-contradictory'
      when number not between 0 and scale then 'out-of-range'
    end as fault
  from declared
)
select
  place,
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
    else coalesce(number_text, format('{:g}', answer_value))
  end as raw,
  coalesce(unit_code, unit_text) as unit,
  scale,
  case when not is_mixed then instrument end as instrument,
  case when not is_mixed then context end as context,
  focus,
  part_of,
  sites,
  r.bodysite is not null and len(sites) = 0 as is_site_uncoded,
  content,
  resource
from judged
