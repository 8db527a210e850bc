-- One row is one Condition that landed: mapped, ignored by rule, or rejected.
with
parsed as (
  select
    rowid as place,
    id,
    version,
    last_updated,
    content,
    resource,
    modifier,
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
    status_codes_of(r.clinicalstatus)[1] as clinical_status,
    -- A status without a system counts too: entered-in-error must not be missed.
    status_codes_of(r.verificationstatus) as verification,
    is_given(r.verificationstatus) as is_verification_given,
    codings_of(r.severity.coding)[1] as graded,
    trim(text_of(r.severity.text)) as graded_text,
    codings_of(r.code.coding) as codings,
    id_of(r.subject.reference, 'Patient', $server) as patient_id,
    text_of(r.onsetdatetime) as onset,
    text_of(r.abatementdatetime) as abatement,
    modifier,
    resource
  from parsed
),
-- A grade is a listed code, or a text that is only a grade: other texts may name a patient.
judged as (
  select
    *,
    case
      when regexp_full_match(
        lower(graded_text),
        '((grade|ctcae|clavien-dindo|sir)[ :-]*)*([0-5][ab]?|i{1,3}[ab]?|iv[ab]?|v|mild|minor|moderate|major|severe|serious|life[ -]threatening|fatal)'
      ) then graded_text
      else coalesce(
        list_filter(
          (select list(severity) from code_list as severity where list = 'severity'),
          lambda s: s.system = graded.system and s.code = graded.code
        )[1].name,
        graded.code,
        case when graded_text <> '' then 'in other words' end
      )
    end as severity,
    case
      when modifier is not null then modifier
      when is_verification_given and not list_has_any(
        verification,
        ['unconfirmed', 'provisional', 'differential', 'confirmed', 'refuted', 'entered-in-error', 'unknown']
      ) then 'status-malformed'
      when len(codings) = 0 then 'no-code'
      when patient_id is null then 'no-patient'
      when moment_fault(onset, $source_zone) is not null then 'onset-malformed'
    end as fault,
    case
      when list_contains(verification, 'entered-in-error') then 'status-entered-in-error'
      when list_contains(verification, 'refuted') then 'status-refuted'
      when list_contains(verification, 'differential') then 'status-differential'
      when not is_among(
        codings,
        (select list({'system': system, 'code': code}) from role where role.role in ('condition', 'event'))
      ) then 'no-role'
    end as rule
  from read
)
select
  place,
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
  content,
  case when $keep_raw then resource end as resource
from judged
