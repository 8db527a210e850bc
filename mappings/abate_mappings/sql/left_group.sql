-- One row is one landed resource, as it was mapped; of one whose patient (OWNER) has left the Group that is
-- studied, no more than that it was there. `content` tells it from the same version of a member's resource.
create or replace temp table mapped as
with
judged as (
  select
    *,
    case when OWNER in (select id from left_group) then 'left-group' end as rule
  from mapped
)
select * exclude (rule) from judged where rule is null
union all by name
select
  place,
  server,
  id,
  version,
  last_updated,
  'ignored' as state,
  rule as reason,
  rule as content
from judged
where rule is not null
