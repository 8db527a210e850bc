-- One row is one landed Patient: mapped or rejected. A Patient without a usable birth date has no age, but has
-- lesions and scores.
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
    -- Only the codes of FHIR: a free text would become a group in the report.
    case when text_of(r.gender) in ('female', 'male', 'other', 'unknown') then text_of(r.gender) end as sex,
    case when precision_of(text_of(r.birthdate)) in ('year', 'month', 'day') then text_of(r.birthdate) end
      as birth_date,
    r.birthdate is not null as is_birth_given,
    json_type(r.deceasedboolean) = 'BOOLEAN' and cast(r.deceasedboolean as varchar) = 'true'
      as deceased,
    text_of(r.deceaseddatetime) as death,
    (r.deceaseddatetime is not null and text_of(r.deceaseddatetime) is null)
      or (r.deceasedboolean is not null and json_type(r.deceasedboolean) <> 'BOOLEAN') as death_broken,
    links_of(r.link, 'replaced-by', $server) as replaced_by,
    links_of(r.link, 'replaces', $server) as replaces,
    links_fault(r.link, $server) as link_fault,
    modifier,
    resource
  from parsed
),
judged as (
  select
    *,
    case
      when modifier is not null then modifier
      when death_broken or moment_fault(death, $source_zone) is not null then 'death-malformed'
      -- The survivor is unknown, so the scores cannot be counted for anybody.
      when len(replaced_by) > 1 then 'replaced-by-several'
      when link_fault then 'link-unreadable'
    end as fault,
    case when is_birth_given and birth_date is null then 'birth-date-malformed' end as remark
  from read
)
select
  place,
  $server as server,
  id,
  version,
  last_updated,
  case when fault is null then 'mapped' else 'rejected' end as state,
  coalesce(fault, remark) as reason,
  sex,
  birth_date,
  coalesce(deceased, false) or death is not null as deceased,
  death,
  replaced_by[1] as replaced_by,
  replaces,
  content,
  case when $keep_raw then resource end as resource
from judged
