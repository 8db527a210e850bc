-- One row is one pain score linked to a lesion.
with
-- Materialized, so that there is one hash per lesion and not per score.
named as materialized (
  select number as lesion, pseudonym('Procedure', id) as lesion_id from lesion
)
select
  pseudonym('Observation', o.id) as score_id,
  named.lesion_id,
  chosen.at,
  chosen.precision,
  chosen.day,
  o.value,
  o.raw,
  o.unit,
  o.scale,
  o.instrument,
  o.context,
  chosen.link_rule,
  chosen.visit,
  chosen.chosen,
  chosen.fault as left_out_by
from chosen
inner join named on named.lesion = chosen.lesion
inner join observation as o on o.rowid = chosen.score
order by named.lesion_id, chosen.at, score_id
