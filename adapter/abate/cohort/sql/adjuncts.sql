-- One row is another procedure of a lesion.
select
  pseudonym('Procedure', lesion_id) as lesion_id,
  kind,
  starts as at
from adjunct
where lesion_id is not null
order by lesion_id, starts, kind
