-- One row is one landed line, in the order of the files: its fault, or id and version; `r`, the elements that
-- are read; and `modifier`, why it must be rejected. Most Observations have no code of a score and are not a
-- report of abate: of those `r` is not read. Without a version, `content` is a hash of the text.
create or replace temp table landed as
with
line as (
  select
    json as resource,
    from_json(
      json,
      '{"resourceType": "JSON", "id": "JSON", "meta": {"versionId": "JSON", "lastUpdated": "JSON"},
        "identifier": "JSON", "code": {"coding": [{"system": "JSON", "code": "JSON"}]}}'
    ) as head
  from read_ndjson_objects($paths, ignore_errors = true, hive_partitioning = false)
),
known as (
  select
    resource,
    line_fault(resource, head.resourcetype, head.id, $kind) as fault,
    text_of(head.id) as id,
    text_of(head.meta.versionid) as version,
    updated_of(text_of(head.meta.lastupdated)) as last_updated,
    is_own(head, $own_systems) as is_own,
    is_own or is_of_use(head, $score_codes) as is_read
  from line
),
read as (
  select
    *,
    case when is_read then from_json(resource, shape()) end as r,
    case when is_read and fault is null then modifier_of(resource, json_keys(shape())) end as modifier
  from known
)
select
  fault,
  id,
  version,
  last_updated,
  is_own,
  is_read,
  r,
  modifier,
  case when version is null then md5(cast(resource as varchar)) end as content,
  case when $keep_raw or (is_read and ($asks_plugins or needs_text(r))) then resource end as resource
from read
