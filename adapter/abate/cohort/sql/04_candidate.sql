-- One row is one index procedure: a lesion, or the reason why it is none of its own.
create or replace temp table candidate as
with
judged as (
  select
    t.*,
    case
      when t.status <> 'completed' then 'status-' || t.status
      when t.precision is null then 'index-date-missing'
      when t.precision in ('year', 'month') then 'index-date-imprecise'
      when p.id is null then 'patient-missing'
    end as fault
  from treatment as t
  left join patient as p
    on p.id = t.patient_id and p.state = 'mapped' and p.server = (select server from setting)
  where t.role = 'index'
),
-- Earlier index procedures of the patient at the same site and side; two unknown sites are not equal.
earlier as (
  select
    later.id,
    first.id as first_id,
    first.starts as first_starts,
    later.starts - first.starts <= interval 24 hours as same_session
  from judged as later
  inner join judged as first
    on first.patient_id = later.patient_id
      and first.fault is null
      and list_has_any(first.site_codes, later.site_codes)
      and first.side is not distinct from later.side
      and (first.starts, first.id) < (later.starts, later.id)
  where later.fault is null
),
repeated as (
  select
    id,
    bool_or(same_session) as same_session,
    arg_min(first_id, (first_starts, first_id)) filter (where same_session) as session_of
  from earlier
  group by id
)
select
  judged.* exclude (fault),
  coalesce(
    fault,
    case
      when repeated.same_session then 'same-session'
      when repeated.id is not null and s.repeat in ('censor', 'ignore') then 're-treatment'
    end
  ) as fault,
  repeated.session_of
from judged
left join repeated using (id)
cross join setting as s
