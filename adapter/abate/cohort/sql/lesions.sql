-- One row is one index procedure, the excluded ones too.
select
  pseudonym('Procedure', c.id) as lesion_id,
  case
    when f.excluded_by is null
      then 'lesion ' || row_number() over (partition by f.excluded_by is null order by c.starts, c.id)
  end as label,
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
  date_diff('day', c.start_day, cast(timezone(s.study_zone, f.follow_up_end) as date)) as follow_up_days,
  d.died_day as death
from candidate as c
inner join followed as f using (id)
left join lesion as l using (id)
left join patient as p on p.id = c.patient_id and p.state = 'mapped' and p.server = (select server from setting)
left join (
  select id, day_of(death, source_zone, study_zone) as died_day, cutoff from patient cross join setting
  where state = 'mapped' and patient.server = setting.server
) as d on d.id = c.patient_id and (d.cutoff is null or d.died_day <= d.cutoff)
cross join setting as s
order by c.starts nulls last, c.id
