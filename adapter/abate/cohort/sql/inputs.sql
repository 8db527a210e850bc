-- One row is one resource that the cohort was made from, with its version.
select type, id, version
from (
  select 'Condition' as type, id, version, state, server from condition
  union all select 'Observation', id, version, state, server from observation
  union all select 'Patient', id, version, state, server from patient
  union all select 'Procedure', id, version, state, server from procedure
)
where state = 'mapped' and server = $server
order by type, id
