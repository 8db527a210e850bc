-- One row is one landed resource that is replaced by another line with the same id: the newest counts, and then
-- the later line. Hashes find the few ids that occur more than once.
create or replace temp table superseded as
select place
from (
  select
    rowid as place,
    row_number() over (partition by id order by last_updated desc nulls last, rowid desc) as rank
  from landed
  where fault is null
    and hash(id) in (select hash(id) from landed where fault is null group by all having count(*) > 1)
)
where rank > 1
