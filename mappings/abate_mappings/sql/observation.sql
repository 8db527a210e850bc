-- One row is one Observation that landed: mapped to a pain score, ignored by rule, or rejected.
with
-- The elements that differ in each line, and the ones that many lines have in common: its form.
told as materialized (
  select
    rowid as place,
    id,
    version,
    last_updated,
    content,
    resource,
    is_own,
    modifier,
    id_of(r.subject.reference, 'Patient', $server) as patient_id,
    id_of(r.encounter.reference, 'Encounter', $server) as encounter_id,
    coalesce(text_of(r.effectivedatetime), text_of(r.effectiveinstant)) as effective,
    case
      when coalesce(r.effectiveperiod, r.effectivetiming) is not null then 'effective-no-instant'
      when r.effectivedatetime is not null and r.effectiveinstant is not null then 'several-effective-times'
      when coalesce(r.effectivedatetime, r.effectiveinstant) is null then 'no-effective-time'
      when coalesce(text_of(r.effectivedatetime), text_of(r.effectiveinstant)) is null
        then 'effective-malformed'
    end as effective_fault,
    r.focus as focus_leaf,
    r.partof as part_leaf,
    {
      'status': r.status,
      'coding': r.code.coding,
      'quantity': r.valuequantity,
      'integer': r.valueinteger,
      'concept': r.valuecodeableconcept,
      'body_site': r.bodysite,
      'ranges': r.referencerange,
      'is_absent': r.dataabsentreason is not null,
      'other_values': cast(r.valuestring is not null as integer)
        + cast(r.valueboolean is not null as integer)
        + cast(r.valuerange is not null as integer)
        + cast(r.valueratio is not null as integer)
        + cast(r.valuesampleddata is not null as integer)
        + cast(r.valuetime is not null as integer)
        + cast(r.valuedatetime is not null as integer)
        + cast(r.valueperiod is not null as integer)
    } as form
  from landed
  where is_read and fault is null and rowid not in (select place from superseded)
),
-- There are many scores and few forms, so each form is read once.
form as materialized (
  select form as told_form, unnest(form), row_number() over () as place
  from (select distinct form from told)
),
read as (
  select
    form.*,
    text_of(status) as status_text,
    codings_of(coding) as codings,
    from_json(
      quantity, '{"value": "JSON", "comparator": "JSON", "unit": "JSON", "system": "JSON", "code": "JSON"}'
    ) as amount,
    case
      when concept is null then []
      else codings_of(from_json(concept, '{"coding": [{"system": "JSON", "code": "JSON"}]}').coding)
    end as answers,
    from_json(ranges, '[{"low": "JSON", "high": "JSON"}]') as range_list,
    cast(quantity is not null as integer)
      + cast(integer is not null as integer)
      + cast(concept is not null as integer)
      + other_values
      as values_given
  from form
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
    nullif(trim(text_of(amount.code)), '') as unit_code,
    nullif(trim(text_of(amount.unit)), '') as unit_text,
    rtrim(text_of(amount.system), '/') as unit_system,
    coalesce(number_of(amount.value), number_of(integer)) as number_text,
    coalesce(json_type(quantity) <> 'OBJECT', false)
      or coalesce(json_type(concept) <> 'OBJECT', false)
      or (amount.unit is not null and text_of(amount.unit) is null)
      or (amount.system is not null and text_of(amount.system) is null)
      or (amount.code is not null and text_of(amount.code) is null) as is_value_broken,
    from_json(body_site, site_shape()) as stated_site,
    case when range_list is not null then range_ends(list_transform(range_list, lambda g: g.low)) end
      as lows,
    case when range_list is not null then range_ends(list_transform(range_list, lambda g: g.high)) end
      as highs,
    ranges is not null
      and (
        json_type(ranges) <> 'ARRAY'
        or len(
          list_filter(coalesce(range_list, []), lambda g: is_end_broken(g.low) or is_end_broken(g.high))
        ) > 0
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
      coalesce(list_contains($unit_texts, one_unit.system) and lower(one_unit.code) = lower(unit_text), false)
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
    coalesce(number_text, format('{:g}', answer_value)) as whole_text,
    united.plain_scale as unit_scale,
    -- The usual scale of a unit does not count if the range ends before 10: 0 to 5 is another scale.
    case when coalesce(list_max(highs), 10) >= 10 then united.usual_scale end as usual_scale,
    coalesce(united.is_mixed, false) as is_unit_mixed,
    -- The unit is the code, or without one the text. Beside a code any text is allowed, except a percent sign.
    case
      when unit_code is not null and not coalesce(is_code_listed, false) then true
      when unit_text is null or coalesce(is_text_listed, false) or unit_text = unit_code then false
      else unit_code is null or contains(unit_text, '%')
    end as is_unit_unknown,
    -- A normal range is not a scale: only a range from 0 to 10 or to 100 declares one.
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
      when len(codings) > 0 and not is_score then 'not-a-pain-score'
      when status_text in ('entered-in-error', 'cancelled') then 'status-' || status_text
      when is_absent and values_given = 0 then 'data-absent'
    end as rule,
    case
      when len(codings) = 0 then 'no-code'
      when status_text is null then 'no-status'
      when status_text not in ('registered', 'preliminary', 'final', 'amended', 'corrected', 'unknown')
        then 'status-malformed'
    end as first_fault,
    case
      when body_site is not null and json_type(body_site) <> 'OBJECT' then 'body-site-malformed'
      when is_side_unknown(stated_site, $sides) then 'laterality-unknown'
      when is_side_ambiguous(stated_site, $sides) then 'laterality-ambiguous'
      -- These concern only the value, which a plugin's read_score may be able to read.
      when values_given > 1 then 'several-values'
      when integer is not null and json_type(integer) not in ('UBIGINT', 'BIGINT')
        then 'value-not-an-integer'
      when is_value_broken then 'value-malformed'
      when amount.comparator is not null then 'comparator'
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
    end as value_fault
  from declared
),
pointed as (
  select
    *,
    references_of(focus_leaf, $server) as focus,
    references_of(part_leaf, $server) as part_of,
    named_of(focus_leaf) as focus_named,
    named_of(part_leaf) as part_named,
    moment_fault(effective, $source_zone) as moment_fault
  from told
),
decided as (
  select
    pointed.*,
    judged.* exclude (place),
    -- The number as it was sent, 6.50 and not 6.5, if the text of the resource has it: DuckDB reads a number as a
    -- double, which may differ from the text (DuckDB 2.0, 2026-11).
    sent_of(resource, number) as sent,
    case when is_own then 'own-report' else rule end as ignored_by,
    coalesce(
      modifier,
      first_fault,
      case
        when patient_id is null then 'no-patient'
        when is_absent then 'value-and-data-absent'
        when effective_fault is not null then effective_fault
        when moment_fault = 'malformed' then 'effective-malformed'
        when moment_fault = 'without-zone' then 'time-without-zone'
        when is_broken(focus_leaf, len(focus) + len(focus_named))
          or is_broken(part_leaf, len(part_of) + len(part_named)) then 'reference-unreadable'
      end,
      value_fault
    ) as fault
  from pointed
  inner join judged on judged.told_form = pointed.form
)
select
  place,
  $server as server,
  id,
  version,
  last_updated,
  case when ignored_by is not null then 'ignored' when fault is not null then 'rejected' else 'mapped' end
    as state,
  coalesce(ignored_by, fault) as reason,
  patient_id,
  encounter_id,
  status_text as status,
  effective,
  score_of(coalesce(sent, number_text, cast(answer_value as varchar)), scale) as value,
  coalesce(sent, whole_text) as raw,
  coalesce(unit_code, unit_text) as unit,
  scale,
  case when not is_mixed then instrument end as instrument,
  case when not is_mixed then context end as context,
  focus,
  part_of,
  focus_named,
  part_named,
  site_codings_of(stated_site, $sides) as sites,
  -- A body site that has only a side is not a site in words.
  body_site is not null and len(codings_of(stated_site.coding)) = 0 as is_site_uncoded,
  content,
  case when $keep_raw then resource end as resource
from decided
