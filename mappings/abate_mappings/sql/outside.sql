-- One row is one landed resource, as it was mapped. Of one whose patient (OWNER) has left the Group that is
-- studied, or is not of the study, nothing is kept but that it was there: id and version, by which later
-- pulls count and compare. `content` tells it from the same version when its patient is of the study. A
-- resource that names no patient keeps the reason for which it is not mapped. Patients are judged when all
-- is stored.
create or replace temp table mapped as
with
judged as (
  select
    *,
    OWNER is null as is_of_nobody,
    case
      when OWNER in (select id from left_group) then 'left-group'
      when $kind <> 'Patient' and OWNER is not null and OWNER not in (select id from studied)
        then 'outside-the-study'
    end as rule
  from mapped
)
select * exclude (rule, is_of_nobody) from judged where rule is null and not is_of_nobody
union all by name
select
  place,
  server,
  id,
  version,
  last_updated,
  case when rule is null then state else 'ignored' end as state,
  coalesce(rule, reason) as reason,
  coalesce(rule, content) as content
from judged
where rule is not null or is_of_nobody
