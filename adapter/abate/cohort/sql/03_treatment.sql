-- One row is one procedure with an index or an adjunct code: its patient, time, site and role.
create or replace temp table treatment as
with
coded as (
  select id, unnest(codings) as coding
  from procedure
  where state = 'mapped' and server = study().server
),
-- A procedure with an index code is an index procedure, even if it has an adjunct code too.
decided as (
  select
    coded.id,
    arg_max(r.role, r.role = 'index') as role,
    coalesce(min(r.kind) filter (where r.role = 'index'), min(r.kind)) as kind
  from coded
  inner join role as r
    on r.system = coded.coding.system and r.code = coded.coding.code and r.role in ('index', 'adjunct')
  group by coded.id
),
-- The procedures that a procedure is a part of (`partOf`), named by their identifiers.
named as (
  select part.id, list(distinct identified.reference) as part_of
  from (
    select id, unnest(part_named) as one
    from procedure
    where state = 'mapped' and server = study().server
  ) as part
  inner join identified on identified.system = part.one.system and identified.value = part.one.value
  group by part.id
),
timed as (
  select
    p.id,
    d.role,
    d.kind,
    p.patient_id,
    p.encounter_id,
    p.status,
    p.reasons,
    p.complications,
    p.is_site_uncoded,
    p.body_sites,
    list_concat(p.part_of, named.part_of) as part_of,
    precision_of(p.start_text) as start_precision,
    precision_of(p.end_text) as end_precision,
    instant_of(p.start_text, study().source_zone) as start_instant,
    instant_of(p.end_text, study().source_zone) as end_instant,
    day_of(p.start_text, study().source_zone, study().study_zone) as start_day,
    day_of(p.end_text, study().source_zone, study().study_zone) as end_day
  from procedure_of_person as p
  inner join decided as d using (id)
  left join named using (id)
  where p.server = study().server
),
-- If the end is missing or before the start, the start is used.
ended as (
  select
    *,
    coalesce(end_day >= start_day and coalesce(end_instant >= start_instant, true), false) as has_end
  from timed
)
select
  ended.id,
  role,
  kind,
  patient_id,
  encounter_id,
  status,
  reasons,
  complications,
  is_site_uncoded,
  part_of,
  case when start_instant is not null then 'instant' else start_precision end as precision,
  start_day,
  coalesce(start_instant, timezone(study().study_zone, cast(start_day as timestamp))) as starts,
  case when has_end then end_day else start_day end as end_day,
  greatest(
    case when has_end then coalesce(end_instant, timezone(study().study_zone, cast(end_day as timestamp))) end,
    coalesce(start_instant, timezone(study().study_zone, cast(start_day as timestamp)))
  ) as ends,
  case
    when case when has_end then end_instant else start_instant end is not null then 'instant'
    when coalesce(end_precision, start_precision) in ('year', 'month') then end_precision
    else 'day'
  end as end_precision,
  coalesce(place.site_codes, []) as site_codes,
  place.site,
  place.site_group,
  place.side,
  place.sided_sites,
  place.possible_sites,
  place.possible_groups,
  place.possible_sides
from ended
left join place on place.body_sites = ended.body_sites
