-- The side that several codings state together; null if none states one.
create or replace temp macro side_of(side) as
  case count(distinct side) when 0 then null when 1 then min(side) else 'both' end;

-- Whether two resources may be on the same side: a resource without a side may be on any.
create or replace temp macro is_side_shared(one, other) as
  coalesce(list_has_any(one.possible_sides, other.possible_sides), true);

-- One row is the body sites of one resource: their codes; the name, group and side of the first site; and
-- lists by which two resources are compared.
--   sided_sites: each site with its side. Both sides hold each side, and the site without a side.
--   possible_sites, possible_groups, possible_sides: the same, but a site without a side may be on any.
-- Two resources are at the same site if one list has an entry of the other's.
create or replace temp table place as
with
stated as (
  select body_sites from procedure
  where state = 'mapped' and server = study().server and len(flatten(body_sites)) > 0
  union
  select [sites] from observation
  where state = 'mapped' and server = study().server and len(sites) > 0
),
body as (
  select body_sites, unnest(body_sites) as codings, generate_subscripts(body_sites, 1) as number from stated
),
coded as (
  select body_sites, number, unnest(codings) as coding, generate_subscripts(codings, 1) as position
  from body
),
read as (
  select
    coded.body_sites,
    coded.number,
    coded.position,
    case when side.code is null then coded.coding.system || '|' || coded.coding.code end as code,
    site.name as name,
    site.site_group as site_group,
    -- Unilateral: on one side, which is not stated.
    nullif(side.name, 'unilateral') as side
  from coded
  left join code_list as site
    on site.list = 'sites' and site.system = coded.coding.system and site.code = coded.coding.code
  left join code_list as side
    on side.list = 'laterality' and side.system = coded.coding.system and side.code = coded.coding.code
),
-- The codings of one body site are synonyms, so each of them has the side of the site.
shared as (
  select
    body_sites,
    number,
    side_of(side) as side,
    arg_min(site_group, position) filter (where site_group is not null) as site_group
  from read
  group by body_sites, number
),
-- One row is one code of a site: two body sites with the same code are one site, on the sides of both. Without
-- a code, one row has only the sides.
site as (
  select
    read.body_sites,
    read.code,
    min((number, position)) as rank,
    min(read.name) as name,
    arg_min(shared.site_group, number) filter (where shared.site_group is not null) as site_group,
    side_of(shared.side) as side
  from read
  inner join shared using (body_sites, number)
  group by read.body_sites, read.code
  qualify read.code is not null or count(read.code) over (partition by read.body_sites) = 0
),
known as (
  select list_append(coalesce(list(distinct side) filter (where side <> 'both'), []), '') as sides from shared
),
compared as (
  select
    site.*,
    case when side = 'both' then known.sides else [coalesce(side, '')] end as sides,
    case when coalesce(side, 'both') = 'both' then known.sides else [side] end as possible
  from site
  cross join known
)
select
  body_sites,
  coalesce(list(code) filter (where code is not null), []) as site_codes,
  -- A code that is in no list may be free text: it stays in the store, and is not shown.
  coalesce(arg_min(name, rank), case when count(code) > 0 then 'unlisted' end) as site,
  arg_min(site_group, rank) as site_group,
  arg_min_null(side, (name is null, rank)) as side,
  flatten(list(list_transform(sides, lambda s: code || '|' || s)) filter (where code is not null))
    as sided_sites,
  flatten(list(list_transform(possible, lambda s: code || '|' || s)) filter (where code is not null))
    as possible_sites,
  flatten(
    list(list_transform(possible, lambda s: site_group || '|' || s)) filter (where site_group is not null)
  ) as possible_groups,
  flatten(list(possible)) as possible_sides
from compared
group by body_sites
