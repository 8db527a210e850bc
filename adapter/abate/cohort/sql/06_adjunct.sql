-- One row is one adjunct and the lesion that it belongs to; null where two lesions could be meant.
create or replace temp table adjunct as
with
near as (
  select
    a.id,
    a.kind,
    a.starts,
    l.id as lesion_id,
    case
      when list_has_any(a.site_codes, l.site_codes) then 1
      when a.site_group = l.site_group then 2
      when len(a.site_codes) = 0 or len(l.site_codes) = 0 then 3
    end as closeness
  from treatment as a
  inner join adjunct_rule as rule using (kind)
  inner join lesion as l
    on l.patient_id = a.patient_id
      and abs(epoch(a.starts) - epoch(l.starts)) <= rule.within_hours * 3600
      and (a.side is null or l.side is null or a.side = l.side)
  where a.role = 'adjunct' and a.status = 'completed' and a.precision in ('day', 'instant')
),
closest as (
  select * from near where closeness is not null
  qualify closeness = min(closeness) over (partition by id)
)
select
  id,
  kind,
  starts,
  case when count(*) = 1 then min(lesion_id) end as lesion_id
from closest
group by id, kind, starts
