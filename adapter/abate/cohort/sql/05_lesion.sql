-- One row is one lesion: its clock, and when its follow-up must end at the latest.
create or replace temp table lesion as
with
retreated as (
  select
    first.id,
    min(later.starts) as re_treated,
    min(later.start_day) as re_treated_day,
    arg_min(later.precision, (later.starts, later.precision)) as re_treated_precision
  from candidate as first
  inner join candidate as later
    on later.patient_id = first.patient_id
      and list_has_any(first.site_codes, later.site_codes)
      and (first.side is not distinct from later.side or 'both' in (first.side, later.side))
      and (first.starts, first.id) < (later.starts, later.id)
      and (later.fault is null or later.fault = 're-treatment')
  where (select repeat from setting) in ('censor', 'new')
  group by first.id
),
-- A session ends with the last of its procedures; of one day, a date only may be the last.
session as (
  select
    session_of as id,
    max(end_day) as end_day,
    max(ends) as ends,
    arg_max(end_precision, (end_day, end_precision = 'day')) as end_precision
  from (
    select id as session_of, end_day, ends, end_precision from candidate where fault is null
    union all
    select session_of, end_day, ends, end_precision from candidate where fault = 'same-session'
  )
  group by session_of
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
  session.end_day,
  session.ends,
  session.end_precision,
  c.site_codes,
  c.site,
  c.site_group,
  c.side,
  r.re_treated,
  r.re_treated_day,
  r.re_treated_precision,
  p.deceased,
  instant_of(p.death, s.source_zone) as died,
  day_of(p.death, s.source_zone, s.study_zone) as died_day
from candidate as c
inner join session on session.id = c.id
inner join patient as p
  on p.id = c.patient_id and p.state = 'mapped' and p.server = (select server from setting)
left join retreated as r on r.id = c.id
cross join setting as s
where c.fault is null
