-- One row is one resource in TABLE that the store has of the server, and that is no longer there: a whole pull did not
-- bring it, or it is known to have gone.
create or replace temp table left_behind as
select id
from TABLE
where server = $server
  and ($is_whole and id not in (select id from arrived) or id in (select id from gone where type = $kind))
  and id not in (select id from arrived)
