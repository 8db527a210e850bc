-- One row is one Patient that landed: mapped or rejected.
with
landed as (
  select
    json as resource,
    from_json(
      json,
      '{"resourceType": "JSON", "id": "JSON",
        "meta": {"versionId": "JSON", "lastUpdated": "JSON"},
        "gender": "JSON", "birthDate": "JSON",
        "deceasedBoolean": "JSON", "deceasedDateTime": "JSON"}'
    ) as r
  from read_ndjson_objects($path, ignore_errors = true)
),
read as (
  select
    text_of(r.id) as id,
    text_of(r.meta.versionid) as version,
    try_cast(text_of(r.meta.lastupdated) as timestamptz) as last_updated,
    text_of(r.gender) as sex,
    text_of(r.birthdate) as birth_date,
    json_type(r.deceasedboolean) = 'BOOLEAN' and cast(r.deceasedboolean as varchar) = 'true'
      as deceased,
    text_of(r.deceaseddatetime) as death,
    r.deceaseddatetime is not null and text_of(r.deceaseddatetime) is null as death_broken,
    resource
  from landed
  where text_of(r.resourcetype) = 'Patient' and text_of(r.id) is not null
),
judged as (
  select
    *,
    case
      when birth_date is not null and coalesce(precision_of(birth_date), 'bad') not in ('year', 'month', 'day')
        then 'birth-date-malformed'
      when death_broken or moment_fault(death, $source_zone) is not null then 'death-malformed'
    end as fault
  from read
)
select
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
