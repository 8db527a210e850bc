-- One row is one lesion: its clock, and when its follow-up must end at the latest.
create or replace temp table lesion as
with
retreated as (
  select first.id, min(later.starts) as re_treated
  from candidate as first
  inner join candidate as later
    on later.patient_id = first.patient_id
      and list_has_any(first.site_codes, later.site_codes)
      and first.side is not distinct from later.side
      and (first.starts, first.id) < (later.starts, later.id)
      and (later.fault is null or later.fault = 're-treatment')
  where (select repeat from setting) in ('censor', 'new')
  group by first.id
)
select
  c.id,
  c.patient_id,
  c.encounter_id,
  c.reasons,
  c.complications,
  c.precision,
  c.start_day,
  c.starts,
  c.ends,
  c.site_codes,
  c.site,
  c.site_group,
  c.side,
  r.re_treated,
  cast(timezone(s.study_zone, r.re_treated) as date) as re_treated_day,
  instant_of(p.death, s.source_zone) as died,
  day_of(p.death, s.source_zone, s.study_zone) as died_day
from candidate as c
inner join patient as p on p.id = c.patient_id and p.server = (select server from setting)
left join retreated as r on r.id = c.id
cross join setting as s
where c.fault is null
