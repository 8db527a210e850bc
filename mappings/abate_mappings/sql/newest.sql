-- One row is one resource of the batch: of several with one id the newest, and then the later line.
create or replace temp table newest as
select * exclude (line)
from batch
qualify row_number() over (partition by id order by last_updated desc nulls last, line desc) = 1
