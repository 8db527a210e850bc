-- One row is one resource of the batch, as the store keeps it. Of an Observation that is not a pain score it
-- keeps only id and version.
select
  * exclude (place),
  $run_id as run_id
from mapped
union all by name
select
  $server as server,
  id,
  version,
  last_updated,
  $run_id as run_id,
  'ignored' as state,
  'not-a-pain-score' as reason,
  content
from landed
where not is_read and fault is null and rowid not in (select place from superseded)
