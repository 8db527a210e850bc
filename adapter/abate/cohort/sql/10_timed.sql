-- One row is one linked score on its lesion's clock: its visit, or why it has none.
create or replace temp table timed as
with
compared as (
  select
    k.lesion_id,
    k.link_rule,
    s.* exclude (fault),
    s.score_day - l.start_day as day,
    s.precision = 'day' or l.precision = 'day' as is_dated,
    s.score_day = c.clock_day and (s.precision = 'day' or l.precision = 'day') as is_undetermined,
    case
      when s.score_day = c.clock_day and (s.precision = 'day' or l.precision = 'day')
        then t.same_day
      when s.precision = 'day' or l.precision = 'day' then
        case
          when s.score_day < c.clock_day then 'before'
          when s.score_day > l.start_day then 'after'
          else 'during'
        end
      when s.at <= c.clock_starts then 'before'
      when s.at > l.ends then 'after'
      else 'during'
    end as side_of_clock,
    l.died_day is not null
      and (s.score_day > l.died_day or (l.died is not null and s.precision = 'instant' and s.at > l.died))
      as is_after_death,
    l.re_treated is not null
      and (s.score_day > l.re_treated_day
        or (s.score_day = l.re_treated_day and s.precision = 'instant' and s.at > l.re_treated))
      as is_after_re_treatment
  from link as k
  inner join score as s using (id)
  inner join lesion as l on l.id = k.lesion_id
  inner join clock as c on c.lesion_id = k.lesion_id
  cross join setting as t
),
placed as (
  select
    compared.*,
    visit.name as window_name,
    t.baseline_from,
    t.baseline_to,
    t.last_day
  from compared
  left join visit on compared.day between visit.first_day and visit.last_day
  cross join setting as t
)
select
  placed.* exclude (window_name, baseline_from, baseline_to, last_day, is_dated),
  case
    when is_after_death or is_after_re_treatment then null
    when side_of_clock = 'before' and day between baseline_from and baseline_to then 'baseline'
    when side_of_clock = 'after' and day = 0 then 'D0-after'
    when side_of_clock = 'after' then window_name
  end as visit,
  case
    when is_after_death then 'after-death'
    when is_after_re_treatment then 'after-re-treatment'
    when side_of_clock = 'during' then 'during-procedure'
    when side_of_clock = 'exclude' then 'same-day-undetermined'
    when side_of_clock = 'before' and day not between baseline_from and baseline_to
      then 'before-baseline-window'
    when side_of_clock = 'after' and day > last_day then 'after-last-visit'
    when side_of_clock = 'after' and day <> 0 and window_name is null then 'between-visits'
  end as fault
from placed
