-- One row is one pain score of a patient with an index procedure, and why it cannot be linked.
create or replace temp table score as
select
  o.id,
  o.patient_id,
  o.encounter_id,
  o.value,
  o.raw,
  o.unit,
  o.scale,
  o.instrument,
  o.context,
  o.focus,
  o.part_of,
  case when instant_of(o.effective, s.source_zone) is not null then 'instant'
    else precision_of(o.effective) end as precision,
  day_of(o.effective, s.source_zone, s.study_zone) as score_day,
  coalesce(
    instant_of(o.effective, s.source_zone),
    timezone(s.study_zone, cast(day_of(o.effective, s.source_zone, s.study_zone) as timestamp))
  ) as at,
  coalesce(place.site_codes, []) as site_codes,
  place.site_group,
  place.side,
  case
    when o.status not in ('final', 'amended', 'corrected') then 'status-' || o.status
    when s.instruments is not null and not coalesce(list_contains(s.instruments, o.instrument), false)
      then 'other-instrument'
    when s.context is not null and o.context is distinct from s.context then 'other-context'
    when precision_of(o.effective) in ('year', 'month') then 'date-imprecise'
    when not exists (select 1 from lesion as l where l.patient_id = o.patient_id) then 'no-lesion'
  end as fault
from observation as o
cross join setting as s
left join place on place.type = 'Observation' and place.id = o.id
where o.state = 'mapped' and o.server = s.server
