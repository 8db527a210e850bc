-- One row is what is kept of one resource in TABLE of a patient who is no longer in the study.
create or replace temp table leaver as
select
  server,
  id,
  version,
  last_updated,
  run_id,
  'ignored' as state,
  'outside-the-study' as reason,
  'outside-the-study' as content
from TABLE
where server = $server and patient_id is not null and patient_id not in (select id from studied)
