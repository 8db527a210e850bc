-- One row is one fact of a patient with an index procedure: a condition, or an earlier treatment.
select distinct
  pseudonym('Patient', patient_id) as patient_id,
  kind,
  name,
  fact_day as at
from fact
where role in ('condition', 'history') and fault is null
order by patient_id, kind, name, fact_day
