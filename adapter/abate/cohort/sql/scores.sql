-- One row is one pain score linked to a lesion.
select
  pseudonym('Observation', id) as score_id,
  pseudonym('Procedure', lesion_id) as lesion_id,
  chosen.at,
  precision,
  day,
  value,
  raw,
  unit,
  scale,
  instrument,
  context,
  link_rule,
  visit,
  chosen,
  fault as left_out_by
from chosen
order by lesion_id, chosen.at, score_id
