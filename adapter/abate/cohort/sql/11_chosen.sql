-- One row is one linked score: whether it stands for its visit, and if not, why not.
create or replace temp table chosen as
with
-- What can be compared: the scores of one lesion by one instrument in one context.
series as (
  select lesion_id, instrument, context, row_number() over () as series
  from timed
  group by lesion_id, instrument, context
),
numbered as materialized (
  select
    timed.rowid as place,
    series.series,
    timed.id,
    timed.precision,
    timed.score_day,
    timed.day,
    timed.at,
    timed.value,
    timed.visit,
    timed.is_undetermined,
    timed.fault
  from timed
  inner join series
    on series.lesion_id = timed.lesion_id
      and series.instrument is not distinct from timed.instrument
      and series.context is not distinct from timed.context
),
-- One is kept of scores that say the same at one time; of different ones at one instant the highest.
repeated as (
  select series, precision, n.at, value, min(id) as first_id
  from numbered as n
  group by series, precision, n.at, value
  having count(*) > 1
),
contested as (
  select series, n.at, max(value) as highest
  from numbered as n
  where precision = 'instant'
  group by series, n.at
  having min(value) < max(value)
),
ambiguous as (
  select series, score_day
  from numbered
  where is_undetermined
  group by series, score_day
  having min(value) < max(value)
),
judged as materialized (
  select
    n.* exclude (fault),
    coalesce(
      n.fault,
      case
        when n.is_undetermined and a.series is not null then 'same-day-ambiguous'
        when n.id > r.first_id then 'duplicate'
        when n.precision = 'instant' and n.value < c.highest then 'same-instant-lower'
      end
    ) as fault
  from numbered as n
  left join repeated as r
    on r.series = n.series and r.precision = n.precision and r.at = n.at and r.value = n.value
  left join contested as c on c.series = n.series and c.at = n.at
  left join ambiguous as a on a.series = n.series and a.score_day = n.score_day
),
ranked as (
  select
    judged.place,
    row_number() over (
      partition by judged.series, judged.visit
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
    ) = 1 as chosen
  from judged
  left join visit on visit.name = judged.visit
  cross join setting as t
  where judged.fault is null and not (t.per_visit = 'median' and judged.visit <> 'baseline')
),
-- Of an even number the higher of the two in the middle: a score that was given.
halved as (
  select
    judged.place,
    row_number() over (partition by judged.series, judged.visit order by value, judged.at, id)
      = count(*) over (partition by judged.series, judged.visit) // 2 + 1 as chosen
  from judged
  cross join setting as t
  where judged.fault is null and t.per_visit = 'median' and judged.visit <> 'baseline'
),
decided as (
  select place, chosen from ranked
  union all
  select place, chosen from halved
)
select
  timed.* exclude (fault),
  coalesce(decided.chosen, false) as chosen,
  coalesce(judged.fault, case when not decided.chosen then 'another-chosen' end) as fault
from timed
inner join judged on judged.place = timed.rowid
left join decided on decided.place = timed.rowid
