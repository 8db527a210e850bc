-- One row is one score with a focus or a partOf without a literal reference: the procedures that its
-- identifiers stand for, and whether one of the references leads to none.
create or replace temp table pointed as
with
named as (
  select number as score, true as is_focus, unnest(focus_named) as one
  from score
  where fault is null and len(focus_named) > 0
  union all
  select number, false, unnest(part_named)
  from score
  where fault is null and len(part_named) > 0
)
select
  named.score,
  coalesce(list(i.reference) filter (where is_focus and i.reference is not null), []) as focus,
  coalesce(list(i.reference) filter (where not is_focus and i.reference is not null), []) as part_of,
  coalesce(bool_or(i.reference is null) filter (where is_focus), false) as is_focus_open,
  coalesce(bool_or(i.reference is null) filter (where not is_focus), false) as is_part_open
from named
left join identified as i on i.system = named.one.system and i.value = named.one.value
group by named.score
