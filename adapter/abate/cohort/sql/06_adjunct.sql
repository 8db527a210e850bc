-- One row is one adjunct and a lesion that it belongs to; an adjunct with two rows is ambiguous.
create or replace temp table adjunct as
with
near as (
  select
    a.id,
    a.kind,
    a.precision,
    a.start_day,
    a.starts,
    l.id as lesion_id,
    case
      when belonging.adjunct_id is not null then 0
      when list_has_any(a.possible_sites, l.possible_sites) then 1
      when not is_side_shared(a, l) then null
      when len(a.site_codes) = 0 and not a.is_site_uncoded then 2
      when len(l.site_codes) = 0 and not l.is_site_uncoded then 2
    end as closeness
  from treatment as a
  inner join adjunct_rule as rule using (kind)
  inner join lesion as l on l.patient_id = a.patient_id
  left join belonging on belonging.adjunct_id = a.id
  where case
    -- An adjunct that is a part of an index procedure belongs to it or to none, whatever its site and time.
    when belonging.adjunct_id is not null then list_has_any(belonging.index_ids, [l.id])
    when a.precision = 'instant' and l.precision = 'instant'
      then abs(epoch(a.starts) - epoch(l.starts)) <= rule.within_hours * 3600
    else abs(a.start_day - l.start_day) * 24 <= rule.within_hours
  end
    and a.role = 'adjunct' and a.status = 'completed' and a.precision in ('day', 'instant')
),
closest as (
  select * from near where closeness is not null
  qualify closeness = min(closeness) over (partition by id)
)
select
  id,
  kind,
  precision,
  start_day,
  starts,
  lesion_id,
  count(*) over (partition by id) > 1 as is_ambiguous
from closest
