-- One row is one line that landed, in the order of the file: its fault, or what it is. An Observation is
-- not read further where none of its codes is a score's, and it is no report of ours: most are such. The
-- text is kept where it is needed. Without a version, a hash of it tells one version from the next.
create or replace temp table landed as
with
-- Paths cost half of what a structure does; what follows `[i]` is in this order.
line as (
  select
    json as resource,
    json_extract(
      json,
      ['$.resourceType', '$.id', '$.meta.versionId', '$.meta.lastUpdated', '$.identifier',
        '$.code.coding[0].system', '$.code.coding[0].code', '$.code.coding[1]']
    ) as leaf
  from read_ndjson_objects($path, ignore_errors = true, hive_partitioning = false)
),
known as (
  select
    resource,
    line_fault(resource, leaf[1], leaf[2], $kind) as fault,
    text_of(leaf[2]) as id,
    text_of(leaf[3]) as version,
    updated_of(leaf[4]) as last_updated,
    leaf[5] is not null
      and is_own_report(from_json(leaf[5], '[{"system": "JSON"}]'), $own_system) as is_own,
    leaf[8] is null as has_one_coding,
    case when text_of(leaf[6]) is not null then trim(text_of(leaf[7])) end as code
  from line
),
-- Nearly all have one coding.
coded as (
  select
    *,
    case
      -- DuckDB 2.0.0 makes a join of list_contains here, which loses the order of the lines (2026-11).
      when has_one_coding then code is null or list_position($score_codes, code) is not null
      else reads_as_score(
        from_json(resource, '{"code": {"coding": [{"system": "JSON", "code": "JSON"}]}}').code.coding,
        $score_codes
      )
    end as may_be_score
  from known
)
select
  fault,
  id,
  version,
  last_updated,
  $kind <> 'Observation' or is_own or may_be_score as is_read,
  case when version is null then md5(cast(resource as varchar)) end as content,
  case when is_read or $keep_raw then resource end as resource
from coded
