-- One row is one pain score linked to a lesion.
with
named as (
  select id, pseudonym('Procedure', id) as lesion_id from lesion
)
select
  pseudonym('Observation', chosen.id) as score_id,
  named.lesion_id,
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
inner join named on named.id = chosen.lesion_id
order by named.lesion_id, chosen.at, score_id
