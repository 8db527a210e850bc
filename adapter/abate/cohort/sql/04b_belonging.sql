-- One row is one adjunct, and the index procedures that are connected with it by `partOf` in either direction.
-- An index procedure in the session of another one counts as that other one.
create or replace temp table belonging as
with
stated as (
  select id, unnest(part_of) as reference from treatment where len(part_of) > 0
),
paired as (
  select adjunct.id as adjunct_id, substr(stated.reference, length('Procedure/') + 1) as index_id
  from stated
  inner join treatment as adjunct on adjunct.id = stated.id
  where adjunct.role = 'adjunct'
  union all
  select adjunct.id, stated.id
  from stated
  inner join treatment as adjunct on stated.reference = 'Procedure/' || adjunct.id
  where adjunct.role = 'adjunct'
)
select paired.adjunct_id, list(distinct coalesce(c.session_of, c.id)) as index_ids
from paired
inner join candidate as c on c.id = paired.index_id
group by paired.adjunct_id
