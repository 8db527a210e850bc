-- One row is one body site as it is stated, by its codes: their list, its name, group, side.
create or replace temp table place as
with
stated as (
  select sites from procedure
  where state = 'mapped' and server = (select server from setting) and len(sites) > 0
  union
  select sites from observation
  where state = 'mapped' and server = (select server from setting) and len(sites) > 0
),
coded as (
  select sites, unnest(sites) as coding, generate_subscripts(sites, 1) as position from stated
),
read as (
  select
    coded.sites,
    coded.position,
    coded.coding.system || '|' || coded.coding.code as code,
    site.name as name,
    site.site_group as site_group,
    side.code is not null as is_side,
    -- Unilateral: on a side, and nobody said on which.
    nullif(side.name, 'unilateral') as side
  from coded
  left join code_list as site
    on site.list = 'sites' and site.system = coded.coding.system and site.code = coded.coding.code
  left join code_list as side
    on side.list = 'laterality' and side.system = coded.coding.system and side.code = coded.coding.code
)
select
  sites,
  coalesce(list(distinct code) filter (where not is_side), []) as site_codes,
  -- A code that no list names may be free text of the site's: it stays in the store.
  coalesce(
    arg_min(name, position) filter (where name is not null),
    case when bool_or(not is_side) then 'unlisted' end
  ) as site,
  arg_min(site_group, position) filter (where site_group is not null) as site_group,
  case count(distinct side) when 0 then null when 1 then min(side) else 'both' end as side
from read
group by sites
