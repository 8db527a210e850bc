-- One row is the body site of one Procedure or Observation: all its codes, its name, group, side.
create or replace temp table place as
with
stated as (
  select 'Procedure' as type, id, unnest(sites) as coding, generate_subscripts(sites, 1) as position
  from procedure
  where state = 'mapped' and server = (select server from setting)
  union all
  select 'Observation', id, unnest(sites), generate_subscripts(sites, 1)
  from observation
  where state = 'mapped' and server = (select server from setting)
),
read as (
  select
    stated.type,
    stated.id,
    stated.position,
    stated.coding.system || '|' || stated.coding.code as code,
    site.name as name,
    site.site_group as site_group,
    side.name as side
  from stated
  left join code_list as site
    on site.list = 'sites' and site.system = stated.coding.system and site.code = stated.coding.code
  left join code_list as side
    on side.list = 'laterality' and side.system = stated.coding.system and side.code = stated.coding.code
)
select
  type,
  id,
  coalesce(list(distinct code) filter (where side is null), []) as site_codes,
  -- A code that no list names may be free text of the site's: it stays in the store.
  coalesce(
    arg_min(name, position) filter (where name is not null),
    case when bool_or(side is null) then 'unlisted' end
  ) as site,
  arg_min(site_group, position) filter (where site_group is not null) as site_group,
  case count(distinct side) when 0 then null when 1 then min(side) else 'both' end as side
from read
group by type, id
