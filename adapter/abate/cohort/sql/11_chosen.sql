-- One row is one linked score: whether it is chosen for its visit, and if not, why not.
create or replace temp table chosen as
with
linked as materialized (
  select * from timed
),
-- Times at which a lesion has several comparable scores: of the same instrument and context.
crowded as (
  select lesion, instrument, context, linked.at from linked group by all having count(*) > 1
),
-- Of equal scores at the same time one is kept; of different scores at the same instant the highest.
doubled as (
  select
    linked.place,
    linked.id > min(linked.id) over same as is_repeated,
    linked.precision = 'instant'
      and linked.value < max(linked.value) filter (where linked.precision = 'instant') over met as is_lower
  from linked
  inner join crowded
    on crowded.lesion = linked.lesion
      and crowded.at = linked.at
      and crowded.instrument is not distinct from linked.instrument
      and crowded.context is not distinct from linked.context
  window
    same as (
      partition by
        linked.lesion, linked.instrument, linked.context, linked.at, linked.precision, linked.value
    ),
    met as (partition by linked.lesion, linked.instrument, linked.context, linked.at)
),
ambiguous as (
  select place
  from linked
  where is_undetermined
  qualify
    min(value) over (partition by lesion, instrument, context, score_day)
      < max(value) over (partition by lesion, instrument, context, score_day)
),
doubted as (
  select
    place,
    case
      when ambiguous.place is not null then 'same-day-ambiguous'
      when doubled.is_repeated then 'duplicate'
      when doubled.is_lower then 'same-instant-lower'
    end as fault
  from doubled
  full join ambiguous using (place)
),
-- The order of the scores of a visit, before the highest and the earliest come first. It is not materialized:
-- the study uses the median or not, so one of its two readers reads nothing.
keyed as not materialized (
  select
    linked.*,
    case
      -- The baseline is always the last score, whatever rule the other visits have.
      when linked.visit = 'baseline'
        then -2 * (linked.score_day - date '1970-01-01') - cast(linked.precision = 'instant' as bigint)
      when study().per_visit = 'nearest' then abs(linked.day - visit.day)
    end as first_key,
    case
      when linked.visit = 'baseline' or study().per_visit = 'last' then -epoch_us(linked.at)
      when study().per_visit = 'first' then epoch_us(linked.at)
    end as second_key,
    study().per_visit = 'median' and linked.visit <> 'baseline' as by_median
  from linked
  left join doubted on doubted.place = linked.place
  left join visit on visit.name = linked.visit
  where linked.fault is null and doubted.fault is null
),
ranked as (
  select
    arg_min(
      place,
      (coalesce(first_key, 0), coalesce(second_key, 0), -value, epoch_us(keyed.at), id)
    ) as place
  from keyed
  where not by_median
  group by lesion, instrument, context, visit
),
-- If the number is even, the higher of the two in the middle: a score that a patient gave.
halved as (
  select place
  from keyed
  where by_median
  qualify
    row_number() over (partition by lesion, instrument, context, visit order by value, keyed.at, id)
      = count(*) over (partition by lesion, instrument, context, visit) // 2 + 1
),
decided as (
  select place from ranked
  union all
  select place from halved
)
select
  linked.score,
  linked.lesion,
  linked.link_rule,
  linked.precision,
  linked.day,
  linked.at,
  linked.instrument,
  linked.context,
  linked.is_undetermined,
  linked.is_follow_up,
  linked.visit,
  decided.place is not null as chosen,
  coalesce(
    linked.fault, doubted.fault, case when decided.place is null then 'another-chosen' end
  ) as fault
from linked
left join doubted on doubted.place = linked.place
left join decided on decided.place = linked.place
