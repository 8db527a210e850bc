-- One row is one Procedure that landed: mapped, ignored by rule (no role in the study), or rejected.
with
parsed as (
  select
    rowid as place,
    id,
    version,
    last_updated,
    content,
    resource,
    r
  from landed
  where is_read and fault is null and rowid not in (select place from superseded)
),
read as (
  select
    place,
    id,
    version,
    last_updated,
    content,
    text_of(r.status) as status,
    codings_of(r.code.coding) as codings,
    id_of(r.subject.reference, 'Patient', $server) as patient_id,
    id_of(r.encounter.reference, 'Encounter', $server) as encounter_id,
    coalesce(text_of(r.performeddatetime), text_of(r.performedperiod.start)) as start_text,
    coalesce(text_of(r.performedperiod.end), text_of(r.performeddatetime)) as end_text,
    r.bodysite as body_site,
    flatten(
      list_transform(
        coalesce(
          from_json(r.bodysite, '[{"coding": [{"system": "JSON", "code": "JSON"}]}]'), []
        ),
        lambda s: codings_of(s.coding)
      )
    ) as sites,
    references_of(r.reasonreference, $server) as reasons,
    r.complicationdetail as complication_detail,
    references_of(r.complicationdetail, $server) as complications,
    resource
  from parsed
),
judged as (
  select
    *,
    case
      when len(codings) = 0 then 'no-code'
      when status is null then 'no-status'
      when status not in (
        'preparation', 'in-progress', 'not-done', 'on-hold', 'stopped', 'completed', 'entered-in-error', 'unknown'
      ) then 'status-malformed'
      when patient_id is null then 'no-patient'
      when moment_fault(start_text, $source_zone) = 'malformed'
        or moment_fault(end_text, $source_zone) = 'malformed' then 'performed-malformed'
      when moment_fault(start_text, $source_zone) = 'without-zone'
        or moment_fault(end_text, $source_zone) = 'without-zone' then 'time-without-zone'
      when body_site is not null and json_type(body_site) <> 'ARRAY' then 'body-site-malformed'
      when is_broken(complication_detail, complications) then 'reference-unreadable'
    end as fault,
    not exists (
      select 1
      from role, unnest(codings) as coding (c)
      where role.role in ('index', 'adjunct', 'history')
        and role.system = coding.c.system
        and role.code = coding.c.code
    ) as without_role
  from read
)
select
  place,
  $server as server,
  id,
  version,
  last_updated,
  case
    when fault is not null then 'rejected'
    when without_role then 'ignored'
    else 'mapped'
  end as state,
  case when fault is not null then fault when without_role then 'no-role' end as reason,
  patient_id,
  encounter_id,
  status,
  codings,
  start_text,
  end_text,
  sites,
  coalesce(json_array_length(body_site) > 0, false) and len(sites) = 0 as is_site_uncoded,
  reasons,
  complications,
  content,
  case when $keep_raw then resource end as resource
from judged
