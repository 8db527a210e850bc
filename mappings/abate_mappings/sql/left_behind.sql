-- One row is one resource in TABLE that was deleted on the server: a whole pull did not find it, or the pull
-- knows its deletion.
create or replace temp table left_behind as
select id
from TABLE
where server = $server
  and ($is_whole and id not in (select id from arrived) or id in (select id from gone where type = $kind))
  and id not in (select id from arrived)
