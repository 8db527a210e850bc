-- Whether an index procedure counts as treated. One that was not completed, is part of another treatment, is
-- not the first one, or was done after the data cut-off, is in no denominator.
create or replace temp macro counts_as_treated(reason) as
  reason is null
  or not (
    starts_with(reason, 'status-') or reason in ('same-session', 're-treatment', 'not-first', 'after-cutoff')
  );

-- One row is one index procedure: why it is not analysed, and how long it was followed.
create or replace temp table followed as
with
told as (
  select *, coalesce(instrument, '') || '/' || coalesce(context, '') as series from chosen
),
counted as (
  select
    lesion,
    count(*) as linked,
    count(*) filter (where chosen and visit not in ('baseline', 'D0-after')) as after,
    count(*) filter (where chosen and visit = 'baseline') as before,
    min(series) filter (where chosen) < max(series) filter (where chosen) as is_several_series,
    max(told.at) filter (where is_follow_up) as last_score
  from told
  group by lesion
),
-- Later lesions of a patient, where only first ones are studied. A site that is not known, or that has no
-- side, may be the site of the earlier one.
later as (
  select distinct another.id
  from lesion as another
  inner join lesion as earlier
    on earlier.patient_id = another.patient_id and (earlier.starts, earlier.id) < (another.starts, another.id)
  where case study().repeat
    when 'first-per-patient' then true
    when 'first-per-site' then
      len(earlier.site_codes) = 0
      or len(another.site_codes) = 0
      or list_has_any(earlier.possible_sites, another.possible_sites)
    else false
  end
)
select
  c.id,
  coalesce(
    c.fault,
    case
      when later.id is not null then 'not-first'
      when coalesce(n.linked, 0) = 0 then 'no-score'
      when n.is_several_series then 'several-series'
      when n.after < study().minimum_after then 'minimum-after'
      when study().require_baseline and n.before = 0 then 'no-baseline'
    end
  ) as excluded_by,
  case
    when l.died_day is not null and (l.re_treated_day is null or l.died_day <= l.re_treated_day)
      then coalesce(l.died, timezone(study().study_zone, cast(l.died_day as timestamp)))
    when l.re_treated is not null then l.re_treated
    when n.last_score is not null then greatest(n.last_score, c.starts)
  end as follow_up_end,
  case
    when l.died_day is not null and (l.re_treated_day is null or l.died_day <= l.re_treated_day)
      then 'death'
    when l.re_treated is not null then 're-treated'
    when n.last_score is not null then 'last-score'
  end as end_reason
from candidate as c
left join lesion as l using (id)
left join later using (id)
left join counted as n on n.lesion = l.number
