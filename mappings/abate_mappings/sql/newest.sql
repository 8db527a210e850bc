-- One row is one resource of the batch: of several with one id the newest, and then the later line.
-- Where the server gives no version, a hash of what it sent tells one version from the next.
create or replace temp table newest as
select * exclude (line), case when version is null then md5(cast(resource as varchar)) end as content
from batch
qualify row_number() over (partition by id order by last_updated desc nulls last, line desc) = 1
