-- One row is one resource that this run found gone.
insert into tombstone
select $server, $kind, id, $run_id, 'not-on-the-server'
from left_behind
