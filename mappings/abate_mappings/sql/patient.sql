-- One row is one Patient that landed: mapped or rejected.
with
landed as (
  select
    resource,
    line,
    from_json(
      resource,
      '{"resourceType": "JSON", "id": "JSON",
        "meta": {"versionId": "JSON", "lastUpdated": "JSON"},
        "gender": "JSON", "birthDate": "JSON",
        "deceasedBoolean": "JSON", "deceasedDateTime": "JSON"}'
    ) as r
  from lines_of($path)
),
read as (
  select
    line,
    text_of(r.id) as id,
    text_of(r.meta.versionid) as version,
    updated_of(r.meta.lastupdated) as last_updated,
    -- Only FHIR's own codes: free text would become a group of the report.
    case when text_of(r.gender) in ('female', 'male', 'other', 'unknown') then text_of(r.gender) end as sex,
    text_of(r.birthdate) as birth_date,
    r.birthdate is not null and text_of(r.birthdate) is null as birth_broken,
    json_type(r.deceasedboolean) = 'BOOLEAN' and cast(r.deceasedboolean as varchar) = 'true'
      as deceased,
    text_of(r.deceaseddatetime) as death,
    (r.deceaseddatetime is not null and text_of(r.deceaseddatetime) is null)
      or (r.deceasedboolean is not null and json_type(r.deceasedboolean) <> 'BOOLEAN') as death_broken,
    resource
  from landed
  where line_fault(resource, r.resourcetype, r.id, 'Patient') is null
),
judged as (
  select
    *,
    case
      when birth_broken
        or (birth_date is not null and coalesce(precision_of(birth_date), 'bad') not in ('year', 'month', 'day'))
        then 'birth-date-malformed'
      when death_broken or moment_fault(death, $source_zone) is not null then 'death-malformed'
    end as fault
  from read
)
select
  line,
  $server as server,
  id,
  version,
  last_updated,
  case when fault is null then 'mapped' else 'rejected' end as state,
  fault as reason,
  sex,
  birth_date,
  coalesce(deceased, false) or death is not null as deceased,
  death,
  resource
from judged
