-- One row is one patient with an index procedure, whatever its status.
select distinct p.patient_id
from procedure as p, unnest(p.codings) as coding (c)
inner join role
  on role.role = 'index' and role.system = coding.c.system and role.code = coding.c.code
where p.server = $server and p.patient_id is not null
order by p.patient_id
