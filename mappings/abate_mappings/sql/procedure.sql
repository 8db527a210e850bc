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
    modifier,
    case when modifier = 'not-done' then modifier else text_of(r.status) end as status,
    codings_of(r.code.coding) as codings,
    id_of(r.subject.reference, 'Patient', $server) as patient_id,
    id_of(r.encounter.reference, 'Encounter', $server) as encounter_id,
    -- R5 has occurrence[x], and reason and complication as CodeableReference, instead of R4's elements.
    coalesce(
      text_of(r.performeddatetime),
      text_of(r.performedperiod.start),
      text_of(r.occurrencedatetime),
      text_of(r.occurrenceperiod.start)
    ) as start_text,
    coalesce(
      text_of(r.performedperiod.end),
      text_of(r.performeddatetime),
      text_of(r.occurrenceperiod.end),
      text_of(r.occurrencedatetime)
    ) as end_text,
    r.bodysite as body_site,
    coalesce(from_json(r.bodysite, '[' || site_shape() || ']'), []) as stated_sites,
    r.complicationdetail as complication_detail,
    -- In a lambda, DuckDB plans a macro once for all leaves (2.0.1, 2026-11).
    list_transform(
      [r.reasonreference, r.complicationdetail, r.partof], lambda leaf: references_of(leaf, $server)
    ) as referred,
    list_transform(
      [r.reason, r.complication], lambda leaf: codeable_references_of(leaf, $server)
    ) as codeable,
    named_of(r.partof) as part_named,
    identifiers_of(r.identifier) as identifiers,
    resource
  from parsed
),
timed as (
  select
    * exclude (referred, codeable),
    list_concat(referred[1], codeable[1]) as reasons,
    referred[2] as complications,
    codeable[2] as codeable_complications,
    referred[3] as part_of,
    list_transform([start_text, end_text], lambda moment: moment_fault(moment, $source_zone))
      as time_faults
  from read
),
judged as (
  select
    * exclude (time_faults),
    case
      when modifier in ('modifier-extension', 'implicit-rules') then modifier
      when len(codings) = 0 then 'no-code'
      when status is null then 'no-status'
      when status not in (
        'preparation', 'in-progress', 'not-done', 'on-hold', 'stopped', 'completed', 'entered-in-error', 'unknown'
      ) then 'status-malformed'
      when patient_id is null then 'no-patient'
      when list_contains(time_faults, 'malformed') then 'performed-malformed'
      when list_contains(time_faults, 'without-zone') then 'time-without-zone'
      when body_site is not null and json_type(body_site) <> 'ARRAY' then 'body-site-malformed'
      when len(list_filter(stated_sites, lambda s: is_side_unknown(s, $sides))) > 0
        then 'laterality-unknown'
      when are_sides_ambiguous(stated_sites, $sides)
        or len(list_filter(stated_sites, lambda s: is_side_ambiguous(s, $sides))) > 0
        then 'laterality-ambiguous'
      when is_broken(complication_detail, len(complications)) then 'reference-unreadable'
    end as fault,
    not is_among(
      codings,
      (select list({'system': system, 'code': code}) from role where role.role in ('index', 'adjunct', 'history'))
    ) as without_role
  from timed
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
  body_sites_of(stated_sites, $sides) as body_sites,
  -- A body site that has only a side is not a site in words.
  coalesce(json_array_length(body_site) > 0, false)
    and len(flatten(list_transform(stated_sites, lambda s: codings_of(s.coding)))) = 0 as is_site_uncoded,
  reasons,
  list_concat(complications, codeable_complications) as complications,
  part_of,
  part_named,
  identifiers,
  content,
  case when $keep_raw then resource end as resource
from judged
