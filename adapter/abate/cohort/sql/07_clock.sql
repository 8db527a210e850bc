-- One row is one lesion's clock: the baseline is before the procedure and before its adjuncts.
create or replace temp table clock as
select
  l.id as lesion_id,
  least(l.starts, coalesce(min(a.starts), l.starts)) as clock_starts,
  cast(timezone(s.study_zone, least(l.starts, coalesce(min(a.starts), l.starts))) as date) as clock_day
from lesion as l
left join adjunct as a on a.lesion_id = l.id and a.starts < l.starts
cross join setting as s
group by l.id, l.starts, s.study_zone
