-- One row is a complication, a death, or a re-treatment.
with
told as (
  select distinct id as lesion_id, unnest(complications) as reference from lesion
),
complication as (
  select
    told.lesion_id,
    f.patient_id,
    f.kind,
    f.name,
    f.severity as grade,
    f.fact_day as at,
    f.lasting
  from fact as f
  left join told using (reference)
  where f.role = 'event' and f.fault is null
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
order by patient_id, lesion_id, kind, e.at, name, grade, lasting
