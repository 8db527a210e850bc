-- One row is one linked score: whether it stands for its visit, and if not, why not.
create or replace temp table chosen as
with
-- One is kept of scores that say the same at one time; of different ones at one instant the highest.
told_apart as (
  select
    *,
    row_number() over (
      partition by lesion_id, instrument, context, precision, timed.at, value order by id
    ) as copy,
    precision = 'instant'
      and value < max(value) over (partition by lesion_id, instrument, context, precision, timed.at)
      as is_lower,
    is_undetermined
      and min(value) over undetermined <> max(value) over undetermined as is_day_ambiguous
  from timed
  window undetermined as (partition by lesion_id, instrument, context, score_day, is_undetermined)
),
judged as (
  select
    * exclude (fault, copy, is_lower, is_day_ambiguous),
    coalesce(
      fault,
      case
        when is_day_ambiguous then 'same-day-ambiguous'
        when copy > 1 then 'duplicate'
        when is_lower then 'same-instant-lower'
      end
    ) as fault
  from told_apart
),
ranked as (
  select
    judged.lesion_id,
    judged.id,
    judged.visit,
    row_number() over (
      partition by judged.lesion_id, judged.visit, judged.instrument, judged.context
      order by
        -- The baseline is the last one, whatever stands for the other visits.
        case when judged.visit = 'baseline' then judged.score_day end desc,
        case when judged.visit = 'baseline' then judged.precision = 'instant' end desc,
        case when judged.visit = 'baseline' then judged.at end desc,
        case when t.per_visit = 'nearest' then abs(judged.day - visit.day) end,
        case when t.per_visit = 'first' then judged.at end,
        case when t.per_visit = 'last' then judged.at end desc,
        judged.value desc,
        judged.at,
        judged.id
    ) as place_in_visit,
    row_number() over (
      partition by judged.lesion_id, judged.visit, judged.instrument, judged.context
      order by judged.value, judged.at, judged.id
    ) as place_by_value,
    count(*) over (
      partition by judged.lesion_id, judged.visit, judged.instrument, judged.context
    ) as in_visit
  from judged
  left join visit on visit.name = judged.visit
  cross join setting as t
  where judged.fault is null
),
decided as (
  select
    lesion_id,
    id,
    case
      -- Of an even number the higher of the two in the middle: a score that was given.
      when t.per_visit = 'median' and ranked.visit <> 'baseline' then place_by_value = in_visit // 2 + 1
      else place_in_visit = 1
    end as chosen
  from ranked
  cross join setting as t
)
select
  judged.* exclude (fault),
  coalesce(decided.chosen, false) as chosen,
  coalesce(judged.fault, case when not decided.chosen then 'another-chosen' end) as fault
from judged
left join decided using (lesion_id, id)
