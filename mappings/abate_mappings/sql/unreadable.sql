-- One row is one line that is no resource of this type with an id, and why; blank lines are not counted.
select line, fault
from (
  select line, line_fault(resource, r.resourcetype, r.id, $kind) as fault
  from (
    select resource, line, from_json(resource, '{"resourceType": "JSON", "id": "JSON"}') as r
    from lines_of($path)
  )
)
where fault is not null
order by line
