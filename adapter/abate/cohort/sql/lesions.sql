-- One row is one index procedure, also the excluded ones. The study's settings are read by subqueries: a join
-- costs the planner more than all other parts (DuckDB 2.0, 2026-11).
with
labelled as (
  select c.id, 'lesion ' || row_number() over (order by c.starts, c.id) as label
  from candidate as c
  inner join followed as f using (id)
  where f.excluded_by is null
),
known as (
  select p.id, p.sex, p.birth_date, day_of(p.death, study().source_zone, study().study_zone) as died_day
  from patient as p
  where p.state = 'mapped' and p.server = study().server
)
select
  pseudonym('Procedure', c.id) as lesion_id,
  labelled.label,
  pseudonym('Patient', c.patient_id) as patient_id,
  f.excluded_by,
  c.starts as index_start,
  c.start_day as index_day,
  coalesce(l.ends, c.ends) as index_end,
  c.precision,
  coalesce(c.site, 'unknown') as site,
  c.side,
  c.site_group,
  p.sex,
  case
    when precision_of(p.birth_date) = 'day'
      then date_diff('year', cast(p.birth_date as date), c.start_day)
        - cast(strftime(c.start_day, '%m%d') < strftime(cast(p.birth_date as date), '%m%d') as integer)
  end as age,
  f.follow_up_end,
  f.end_reason,
  date_diff(
    'day', c.start_day, cast(timezone(study().study_zone, f.follow_up_end) as date)
  ) as follow_up_days,
  case
    when study().cutoff is null or p.died_day <= study().cutoff
      then p.died_day
  end as death
from candidate as c
inner join followed as f using (id)
left join lesion as l using (id)
left join labelled using (id)
left join known as p on p.id = c.patient_id
order by c.starts nulls last, c.id
