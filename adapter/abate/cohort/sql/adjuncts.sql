-- One row is another procedure of a lesion.
select
  pseudonym('Procedure', lesion_id) as lesion_id,
  kind,
  starts as at
from adjunct
where not is_ambiguous
order by lesion_id, starts, kind
