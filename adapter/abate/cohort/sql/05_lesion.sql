-- One row is one lesion: its clock, and the latest end of its follow-up. Its number is for joins only, and
-- gives no order.
create or replace temp table lesion as
with
-- A treatment begins with the first of its adjuncts.
began as (
  select id, starts, start_day, precision from candidate
  union all
  select c.id, a.starts, a.start_day, a.precision
  from candidate as c
  inner join treatment as a
    on a.patient_id = c.patient_id
      and a.role = 'adjunct'
      and a.status = 'completed'
      and a.precision in ('day', 'instant')
      and a.starts < c.starts
  inner join adjunct_rule as rule on rule.kind = a.kind
  left join belonging on belonging.adjunct_id = a.id
  where case
    when belonging.adjunct_id is not null then list_has_any(belonging.index_ids, [c.id])
    else list_has_any(a.possible_sites, c.possible_sites)
      and epoch(c.starts) - epoch(a.starts) <= rule.within_hours * 3600
  end
),
retreated as (
  select
    first.id,
    min(began.starts) as re_treated,
    min(began.start_day) as re_treated_day,
    arg_min(began.precision, (began.starts, began.precision)) as re_treated_precision
  from candidate as first
  inner join candidate as later
    on later.patient_id = first.patient_id
      and list_has_any(first.sided_sites, later.sided_sites)
      and (first.starts, first.id) < (later.starts, later.id)
      and (later.fault is null or later.fault = 're-treatment')
  inner join began on began.id = later.id and began.starts > first.starts
  where study().repeat <> 'ignore'
  group by first.id
),
-- A death after the data cut-off does not count.
mortal as (
  select
    p.id,
    p.deceased,
    instant_of(p.death, study().source_zone) as died,
    day_of(p.death, study().source_zone, study().study_zone) as died_day,
    coalesce(died_day > study().cutoff, false) as is_later
  from patient as p
  where p.state = 'mapped' and p.server = study().server
),
-- Procedures in the session of another one.
together as (
  select session_of as id, end_day, ends, end_precision, reasons, complications
  from candidate
  where fault = 'same-session'
),
-- A session ends with the last of its procedures; on one day, a procedure with only a date may be the last.
session as (
  select
    id,
    max(end_day) as end_day,
    max(ends) as ends,
    arg_max(end_precision, (end_day, end_precision = 'day')) as end_precision,
    flatten(list(reasons)) as reasons,
    flatten(list(complications)) as complications
  from (
    select * from together
    union all
    select id, end_day, ends, end_precision, reasons, complications
    from candidate
    where fault is null and id in (select id from together)
  )
  group by id
)
select
  row_number() over () as number,
  c.id,
  c.patient_id,
  c.encounter_id,
  coalesce(session.reasons, c.reasons) as reasons,
  coalesce(session.complications, c.complications) as complications,
  c.is_site_uncoded,
  c.precision,
  c.start_day,
  c.starts,
  coalesce(session.end_day, c.end_day) as end_day,
  coalesce(session.ends, c.ends) as ends,
  coalesce(session.end_precision, c.end_precision) as end_precision,
  c.site_codes,
  c.possible_sites,
  c.possible_groups,
  c.possible_sides,
  r.re_treated,
  r.re_treated_day,
  r.re_treated_precision,
  p.deceased and not p.is_later as deceased,
  case when not p.is_later then p.died end as died,
  case when not p.is_later then p.died_day end as died_day
from candidate as c
inner join mortal as p on p.id = c.patient_id
left join session on session.id = c.id
left join retreated as r on r.id = c.id
where c.fault is null
