-- One row is one resource about a patient with an index procedure: a condition, an earlier treatment or a
-- complication; and why it does not count.
create or replace temp table fact as
with
stated as (
  select
    'Condition/' || id as reference, patient_id, codings, onset as moment, severity,
    abatement is null and coalesce(clinical_status, '') in ('active', 'recurrence', 'relapse')
      as lasting
  from condition_of_person
  where state = 'mapped' and server = study().server
  union all
  select 'Procedure/' || id, patient_id, codings, start_text, null, null
  from procedure_of_person
  where state = 'mapped' and status = 'completed' and server = study().server
),
treated as (
  select patient_id, min(start_day) as first_day, strftime(min(start_day), '%Y-%m-%d') as first_text
  from candidate
  group by patient_id
),
-- A resource with several codings has the meaning of its first coding that is in a list.
meant as (
  select
    s.reference, s.patient_id, s.moment, s.severity, s.lasting,
    role.role, role.kind, role.name
  from (
    select *, unnest(codings) as coding, generate_subscripts(codings, 1) as position from stated
  ) as s
  inner join role
    on role.system = s.coding.system
      and role.code = s.coding.code
      and case
        when starts_with(s.reference, 'Procedure/') then role.role = 'history'
        else role.role in ('condition', 'event')
      end
  qualify row_number() over (
    partition by s.reference, role.role, role.kind order by s.position, role.name
  ) = 1
)
select
  meant.reference,
  meant.patient_id,
  meant.role,
  meant.kind,
  meant.name,
  meant.severity,
  meant.lasting,
  day_of(meant.moment, study().source_zone, study().study_zone) as fact_day,
  -- A month or a year counts as before if any of its days is before.
  case
    when day_of(meant.moment, study().source_zone, study().study_zone) > study().cutoff then 'after-cutoff'
    when meant.role = 'history'
      and coalesce(
        day_of(meant.moment, study().source_zone, study().study_zone) > treated.first_day,
        meant.moment > left(treated.first_text, length(meant.moment))
      ) then 'after-index'
    when meant.role = 'event'
      and coalesce(
        day_of(meant.moment, study().source_zone, study().study_zone) < treated.first_day,
        meant.moment < left(treated.first_text, length(meant.moment))
      ) then 'before-index'
  end as fault
from meant
inner join treated using (patient_id)
