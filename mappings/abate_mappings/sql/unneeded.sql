-- One row is one Patient that no index procedure needs any more: neither as its own, nor because one was
-- merged into the other.
create or replace temp table left_behind as
with recursive
link as (
  select id as one, replaced_by as other from patient where server = $server and replaced_by is not null
  union all
  select id, unnest(replaces) from patient where server = $server
),
needed as (
  select distinct p.patient_id as id
  from procedure as p, unnest(p.codings) as coding (c)
  inner join role
    on role.role = 'index' and role.system = coding.c.system and role.code = coding.c.code
  where p.server = $server and p.patient_id is not null
  union
  select case when link.one = needed.id then link.other else link.one end
  from needed
  inner join link on needed.id in (link.one, link.other)
)
select id
from patient
where server = $server and id not in (select id from needed where id is not null)
  -- That somebody has left the Group is counted.
  and reason is distinct from 'left-group'
