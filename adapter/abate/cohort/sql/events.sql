-- One row is a complication, a death, or a re-treatment.
with
complication as (
  select
    l.id as lesion_id,
    c.patient_id,
    role.kind,
    role.name,
    c.severity as grade,
    day_of(c.onset, s.source_zone, s.study_zone) as at,
    c.abatement is null and coalesce(c.clinical_status, '') in ('active', 'recurrence', 'relapse')
      as lasting
  from condition as c, unnest(c.codings) as coding (k)
  inner join role
    on role.role = 'event' and role.system = coding.k.system and role.code = coding.k.code
  left join lesion as l on list_contains(l.complications, 'Condition/' || c.id)
  cross join setting as s
  where c.state = 'mapped' and c.server = s.server
    and c.patient_id in (select patient_id from candidate)
),
death as (
  select distinct
    cast(null as varchar) as lesion_id,
    l.patient_id,
    'death' as kind,
    'death' as name,
    cast(null as varchar) as grade,
    l.died_day as at,
    true as lasting
  from lesion as l
  where l.deceased
),
re_treatment as (
  select
    id as lesion_id,
    patient_id,
    're-treatment' as kind,
    're-treatment' as name,
    cast(null as varchar) as grade,
    re_treated_day as at,
    false as lasting
  from lesion
  where re_treated is not null
)
select
  pseudonym('Procedure', lesion_id) as lesion_id,
  pseudonym('Patient', patient_id) as patient_id,
  kind,
  name,
  grade,
  e.at,
  lasting
from (
  select * from complication
  union all select * from death
  union all select * from re_treatment
) as e
order by patient_id, lesion_id, kind, e.at
