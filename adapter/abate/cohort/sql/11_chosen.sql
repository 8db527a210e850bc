-- One row is one linked score: whether it stands for its visit, and if not, why not.
create or replace temp table chosen as
with
-- One row is kept of scores that say the same thing at one time; of different ones the highest.
told_apart as (
  select
    *,
    row_number() over (
      partition by lesion_id, instrument, context, precision, timed.at
      order by value desc, id
    ) as place,
    value = max(value) over (partition by lesion_id, instrument, context, precision, timed.at) as is_highest,
    is_undetermined
      and min(value) over undetermined <> max(value) over undetermined as is_day_ambiguous
  from timed
  window undetermined as (partition by lesion_id, instrument, context, score_day, is_undetermined)
),
judged as (
  select
    * exclude (fault),
    coalesce(
      fault,
      case
        when is_day_ambiguous then 'same-day-ambiguous'
        when place > 1 and is_highest then 'duplicate'
        when place > 1 then 'same-instant-lower'
      end
    ) as fault
  from told_apart
),
ranked as (
  select
    judged.*,
    visit.day as target,
    row_number() over (
      partition by judged.lesion_id, judged.visit, judged.instrument, judged.context
      order by
        case when judged.visit = 'baseline' then judged.score_day end desc,
        case when judged.visit = 'baseline' then judged.precision = 'instant' end desc,
        case when judged.visit = 'baseline' then judged.at end desc,
        case
          when judged.visit in ('baseline', 'D0-after') then null
          when t.per_visit = 'nearest' then abs(judged.day - visit.day)
        end,
        case when t.per_visit in ('nearest', 'worst') and judged.visit <> 'D0-after' then judged.value end desc,
        case when t.per_visit = 'last' and judged.visit <> 'D0-after' then judged.at end desc,
        judged.at,
        judged.id
    ) as place_in_visit,
    row_number() over (
      partition by judged.lesion_id, judged.visit, judged.instrument, judged.context
      order by judged.value, judged.at, judged.id
    ) as place_by_value,
    count(*) over (
      partition by judged.lesion_id, judged.visit, judged.instrument, judged.context
    ) as in_visit,
    t.per_visit
  from judged
  left join visit on visit.name = judged.visit
  cross join setting as t
  where judged.fault is null
)
select
  judged.*,
  coalesce(
    case
      -- Of an even number the higher of the two in the middle: a score that was given.
      when ranked.per_visit = 'median' and judged.visit not in ('baseline', 'D0-after')
        then ranked.place_by_value = ranked.in_visit // 2 + 1
      else ranked.place_in_visit = 1
    end,
    false
  ) as chosen
from judged
left join ranked
  on ranked.id = judged.id and ranked.lesion_id = judged.lesion_id
