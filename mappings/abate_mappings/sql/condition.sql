-- One row is one Condition that landed: mapped, ignored by rule, or rejected.
with
landed as (
  select
    resource,
    line,
    from_json(
      resource,
      '{"resourceType": "JSON", "id": "JSON",
        "meta": {"versionId": "JSON", "lastUpdated": "JSON"},
        "clinicalStatus": {"coding": [{"system": "JSON", "code": "JSON"}]},
        "verificationStatus": {"coding": [{"system": "JSON", "code": "JSON"}]},
        "severity": {"text": "JSON", "coding": [{"system": "JSON", "code": "JSON"}]},
        "code": {"coding": [{"system": "JSON", "code": "JSON"}]},
        "subject": {"reference": "JSON"},
        "onsetDateTime": "JSON", "abatementDateTime": "JSON"}'
    ) as r
  from lines_of($path)
),
read as (
  select
    line,
    text_of(r.id) as id,
    text_of(r.meta.versionid) as version,
    updated_of(r.meta.lastupdated) as last_updated,
    codings_of(r.clinicalstatus.coding)[1].code as clinical_status,
    -- A status without a system is one too: an error must not be missed.
    codes_of(r.verificationstatus.coding) as verification,
    coalesce(text_of(r.severity.text), codings_of(r.severity.coding)[1].code) as severity,
    codings_of(r.code.coding) as codings,
    id_of(r.subject.reference, 'Patient', $server) as patient_id,
    text_of(r.onsetdatetime) as onset,
    text_of(r.abatementdatetime) as abatement,
    resource
  from landed
  where line_fault(resource, r.resourcetype, r.id, 'Condition') is null
),
judged as (
  select
    *,
    case
      when len(codings) = 0 then 'no-code'
      when patient_id is null then 'no-patient'
      when moment_fault(onset, $source_zone) is not null then 'onset-malformed'
    end as fault,
    case
      when list_contains(verification, 'entered-in-error') then 'status-entered-in-error'
      when list_contains(verification, 'refuted') then 'status-refuted'
      when list_contains(verification, 'differential') then 'status-differential'
      when not exists (
        select 1
        from role, unnest(codings) as coding (c)
        where role.role in ('condition', 'event')
          and role.system = coding.c.system
          and role.code = coding.c.code
      ) then 'no-role'
    end as rule
  from read
)
select
  line,
  $server as server,
  id,
  version,
  last_updated,
  case
    when rule = 'status-entered-in-error' then 'ignored'
    when fault is not null then 'rejected'
    when rule is not null then 'ignored'
    else 'mapped'
  end as state,
  case when rule = 'status-entered-in-error' then rule else coalesce(fault, rule) end as reason,
  patient_id,
  codings,
  clinical_status,
  severity,
  onset,
  abatement,
  resource
from judged
