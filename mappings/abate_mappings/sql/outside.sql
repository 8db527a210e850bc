-- One row is one landed resource as it was mapped. If its patient (OWNER) has left the Group, or is not in the
-- study, only id and version are kept, by which later pulls count and compare. `content` marks such a row, so
-- that it is replaced when the patient joins the study. A resource without a patient keeps the reason why it
-- is not mapped. Patients are judged when all types are stored.
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
