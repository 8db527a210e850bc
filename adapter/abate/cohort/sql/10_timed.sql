-- One row is one linked score on its lesion's clock: its visit, or why it has none.
create or replace temp table timed as
with
compared as (
  select
    k.lesion_id,
    k.link_rule,
    s.* exclude (fault),
    s.score_day - l.start_day as day,
    s.precision = 'instant' and c.clock_precision = 'instant' as is_start_exact,
    s.precision = 'instant' and l.end_precision = 'instant' as is_end_exact,
    case when is_start_exact then s.at <= c.clock_starts else s.score_day < c.clock_day end as is_before,
    case when is_end_exact then s.at > l.ends else s.score_day > l.end_day end as is_after,
    -- A date only, on the day of the start or of the end, does not say on which side it lies.
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
  inner join score as s using (id)
  inner join lesion as l on l.id = k.lesion_id
  inner join clock as c on c.lesion_id = k.lesion_id
),
sided as (
  select
    compared.*,
    may_be_before or may_be_after as is_undetermined,
    case
      when is_before or (may_be_before and t.same_day = 'before') then 'before'
      when is_after or (may_be_after and t.same_day = 'after') then 'after'
      when (may_be_before or may_be_after) and t.same_day = 'exclude' then 'unknown'
      else 'during'
    end as side_of_clock
  from compared
  cross join setting as t
)
select
  sided.* exclude (is_start_exact, is_end_exact, is_before, is_after, may_be_before, may_be_after),
  case
    when is_after_re_treatment or score_day > t.cutoff then null
    when side_of_clock = 'before' and sided.day between t.baseline_from and t.baseline_to then 'baseline'
    when side_of_clock = 'after' and sided.day = 0 then 'D0-after'
    when side_of_clock = 'after' then visit.name
  end as visit,
  case
    when is_after_re_treatment then 'after-re-treatment'
    when score_day > t.cutoff then 'after-cutoff'
    when side_of_clock = 'during' then 'during-procedure'
    when side_of_clock = 'unknown' then 'same-day-undetermined'
    when side_of_clock = 'before' and sided.day not between t.baseline_from and t.baseline_to
      then 'outside-baseline-window'
    when side_of_clock = 'after' and sided.day > t.last_day then 'after-last-visit'
    when side_of_clock = 'after' and sided.day <> 0 and visit.name is null then 'between-visits'
  end as fault
from sided
cross join setting as t
left join visit on sided.day between visit.first_day and visit.last_day
