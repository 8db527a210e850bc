-- One row is one fact of a patient with an index procedure: a condition, or an earlier treatment.
with
fact as (
  select c.patient_id, c.codings, 'condition' as role, c.onset as moment
  from condition as c
  where c.state = 'mapped' and c.server = (select server from setting)
  union all
  select p.patient_id, p.codings, 'history', p.start_text
  from procedure as p
  where p.state = 'mapped' and p.status = 'completed' and p.server = (select server from setting)
)
select distinct
  pseudonym('Patient', fact.patient_id) as patient_id,
  role.kind,
  role.name,
  day_of(fact.moment, s.source_zone, s.study_zone) as at
from fact, unnest(fact.codings) as coding (c)
inner join role
  on role.system = coding.c.system and role.code = coding.c.code and role.role = fact.role
cross join setting as s
where fact.patient_id in (select patient_id from candidate)
order by patient_id, role.kind, role.name, "at"
