-- One row is one linked score on its lesion's clock: its visit, or why it has none. It is a view, because only
-- the next statement reads it, once.
create or replace temp view timed as
with
-- Windows never overlap: a day has one visit at most.
visit_day as (
  select name, unnest(generate_series(first_day, last_day)) as day from visit
),
compared as (
  select
    k.rowid as place,
    k.score,
    k.lesion,
    k.link_rule,
    s.id,
    s.precision,
    s.score_day,
    s.at,
    s.value,
    s.instrument,
    s.context,
    l.ends,
    s.score_day - l.start_day as day,
    s.precision = 'instant' and c.clock_precision = 'instant' as is_start_exact,
    s.precision = 'instant' and l.end_precision = 'instant' as is_end_exact,
    case when is_start_exact then s.at <= c.clock_starts else s.score_day < c.clock_day end as is_before,
    case when is_end_exact then s.at > l.ends else s.score_day > l.end_day end as is_after,
    -- A score with only a date, on the day of the start or of the end, may be before or after it.
    not is_before and not is_after and not is_start_exact and s.score_day = c.clock_day as may_be_before,
    not is_before and not is_after and not is_end_exact and s.score_day = l.end_day as may_be_after,
    coalesce(
      case
        when s.precision = 'instant' and l.re_treated_precision = 'instant' then s.at > l.re_treated
        else s.score_day >= l.re_treated_day
      end,
      false
    ) as is_after_re_treatment
  from link as k
  inner join score as s on s.number = k.score
  inner join lesion as l on l.number = k.lesion
  inner join clock as c on c.lesion_id = l.id
),
sided as (
  select
    compared.*,
    may_be_before or may_be_after as is_undetermined,
    case
      when is_before or (may_be_before and study().same_day = 'before') then 'before'
      when is_after or (may_be_after and study().same_day = 'after') then 'after'
      when (may_be_before or may_be_after) and study().same_day = 'exclude' then 'unknown'
      else 'during'
    end as side_of_clock
  from compared
)
select
  place,
  score,
  lesion,
  link_rule,
  id,
  precision,
  score_day,
  sided.day,
  -- A date has no time: on the day of the procedure, it is as late as `same_day` says.
  case when is_undetermined and side_of_clock = 'after' then greatest(sided.at, ends) else sided.at end as at,
  value,
  sided.instrument,
  sided.context,
  is_undetermined,
  side_of_clock = 'after' and not is_after_re_treatment and coalesce(score_day <= study().cutoff, true)
    as is_follow_up,
  case
    when is_after_re_treatment or score_day > study().cutoff then null
    when side_of_clock = 'before' and sided.day between study().baseline_from and study().baseline_to then 'baseline'
    when side_of_clock = 'after' and sided.day = 0 then 'D0-after'
    when side_of_clock = 'after' then visit_day.name
  end as visit,
  case
    when is_after_re_treatment then 'after-re-treatment'
    when score_day > study().cutoff then 'after-cutoff'
    when side_of_clock = 'during' then 'during-procedure'
    when side_of_clock = 'unknown' then 'same-day-undetermined'
    when side_of_clock = 'before' and sided.day not between study().baseline_from and study().baseline_to
      then 'outside-baseline-window'
    when side_of_clock = 'after' and sided.day > study().last_day then 'after-last-visit'
    when side_of_clock = 'after' and sided.day <> 0 and visit_day.name is null then 'between-visits'
  end as fault
from sided
left join visit_day on visit_day.day = sided.day
