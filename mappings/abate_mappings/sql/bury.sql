-- One row is one resource that this run found to be deleted.
insert into tombstone
select $server, $kind, id, $run_id, 'not-on-the-server'
from left_behind
