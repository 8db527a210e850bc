-- One row is one resource that the cohort was made from, with its version, or without one a hash of its content.
select type, id, coalesce(version, content)
from (
  select 'Condition' as type, id, version, content, state, server from condition
  union all select 'Observation', id, version, content, state, server from observation
  union all select 'Patient', id, version, content, state, server from patient
  union all select 'Procedure', id, version, content, state, server from procedure
)
where state = 'mapped' and server = $server
order by type, id
