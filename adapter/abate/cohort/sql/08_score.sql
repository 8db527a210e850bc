-- One row is one pain score of a patient with an index procedure, and why it cannot be linked. Its number is
-- its row in `observation`, which has the other columns.
create or replace temp table score as
with
stated as (
  select
    o.*,
    precision_of(o.effective) as stated_precision,
    instant_of(o.effective, study().source_zone) as instant,
    day_of(o.effective, study().source_zone, study().study_zone) as score_day
  from observation_of_person as o
  where o.state = 'mapped' and o.server = study().server
),
timed as (
  select
    stated.*,
    case when instant is not null then 'instant' else stated_precision end as precision,
    coalesce(instant, timezone(study().study_zone, cast(score_day as timestamp))) as at
  from stated
),
-- The last day on which a patient may have been alive: if only a month or a year is known, its last day.
death as (
  select
    p.id as patient_id,
    instant_of(p.death, study().source_zone) as died,
    case precision_of(p.death)
      when 'year' then make_date(cast(p.death as integer), 12, 31)
      when 'month' then last_day(cast(p.death || '-01' as date))
      else day_of(p.death, study().source_zone, study().study_zone)
    end as last_alive
  from patient as p
  where p.state = 'mapped' and p.server = study().server and p.death is not null
)
select
  o.number,
  o.id,
  o.patient_id,
  o.encounter_id,
  o.value,
  o.instrument,
  o.context,
  o.focus,
  o.part_of,
  o.focus_named,
  o.part_named,
  o.precision,
  o.score_day,
  o.at,
  coalesce(place.site_codes, []) as site_codes,
  o.is_site_uncoded,
  place.possible_sites,
  place.possible_groups,
  place.possible_sides,
  case
    when o.status not in ('final', 'amended', 'corrected') then 'status-' || o.status
    when study().instruments is not null and not coalesce(list_contains(study().instruments, o.instrument), false)
      then 'other-instrument'
    when study().context is not null and o.context is distinct from study().context then 'other-context'
    when o.precision in ('year', 'month') then 'date-imprecise'
    when not exists (select 1 from lesion as l where l.patient_id = o.patient_id) then 'no-lesion'
    when o.score_day > death.last_alive or (o.precision = 'instant' and o.at > death.died)
      then 'after-death'
  end as fault
from timed as o
left join death on death.patient_id = o.patient_id
left join place on place.body_sites = [o.sites]
