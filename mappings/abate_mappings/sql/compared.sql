-- One row is one resource type: how many the store has of the server, how many of them this run added or
-- changed, and how many it deleted.
with
known as (
  select type, count(*) as kept, count(*) filter (where run_id = $run_id) as changed
  from resource
  where server = $server
  group by type
),
lost as (
  select type, count(*) as gone
  from tombstone
  where server = $server and run_id = $run_id
  group by type
)
select type, coalesce(kept, 0), coalesce(changed, 0), coalesce(gone, 0)
from known
full join lost using (type)
order by type
