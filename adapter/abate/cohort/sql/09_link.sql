-- One row is one score and a lesion that it belongs to, or (lesion_id null) why to none.
create or replace temp table link as
with
-- Every procedure that stands for a lesion: its own, those of its session, its adjuncts.
stands_for as (
  select id as procedure_id, id as lesion_id from lesion
  union all
  select id, session_of from candidate where fault = 'same-session'
  union all
  select id, lesion_id from adjunct where not is_ambiguous
),
-- Patients with a treatment that has no usable date: a score may be after that one.
undated as (
  select patient_id from candidate where fault in ('index-date-missing', 'index-date-imprecise')
  union
  select p.patient_id
  from procedure as p, unnest(p.codings) as coding (c)
  inner join role
    on role.role = 'index' and role.system = coding.c.system and role.code = coding.c.code
  where p.state = 'rejected' and p.server = (select server from setting)
),
pair as (
  select
    s.*,
    s.patient_id in (select patient_id from undated) as is_undated,
    l.id as lesion_id,
    len(s.site_codes) > 0 and list_has_any(s.site_codes, l.site_codes)
      and (s.side is null or l.side is null or s.side = l.side or 'both' in (s.side, l.side)) as same_site,
    coalesce(s.site_group = l.site_group, false)
      and (s.side is null or l.side is null or s.side = l.side or 'both' in (s.side, l.side)) as same_group,
    -- A site that is stated in words only may be another one: it is not unknown.
    (
      len(s.site_codes) = 0 and not s.is_site_uncoded
      or len(l.site_codes) = 0 and not l.is_site_uncoded
    )
      and (s.side is null or l.side is null or s.side = l.side or 'both' in (s.side, l.side)) as site_unknown,
    exists (
      select 1
      from candidate as c
      where c.patient_id = s.patient_id
        and list_has_any(s.site_codes, c.site_codes)
        and (s.side is null or c.side is null or s.side = c.side or 'both' in (s.side, c.side))
    ) as is_site_treated,
    s.encounter_id = l.encounter_id and s.score_day - l.start_day in (0, 1) as same_encounter,
    exists (
      select 1
      from stands_for as f
      where f.lesion_id = l.id and list_contains(s.focus, 'Procedure/' || f.procedure_id)
    ) or list_has_any(s.focus, l.reasons) as is_focus,
    exists (
      select 1
      from stands_for as f
      where f.lesion_id = l.id and list_contains(s.part_of, 'Procedure/' || f.procedure_id)
    ) as is_part,
    s.score_day between l.start_day + t.baseline_from and l.start_day + t.last_day
      and case
        when l.re_treated is null then true
        when s.precision = 'instant' and l.re_treated_precision = 'instant' then s.at <= l.re_treated
        else s.score_day < l.re_treated_day
      end as is_open
  from score as s
  inner join lesion as l using (patient_id)
  cross join setting as t
  where s.fault is null
),
stated as (
  select
    s.id,
    -- A focus on anyone or anything else: the score is not of this patient's lesion.
    len(
      list_filter(
        s.focus,
        lambda f: f <> 'Patient/' || s.patient_id and split_part(f, '/', 1) <> 'Encounter'
      )
    ) > 0 as focus_stated,
    exists (
      select 1 from treatment as t where list_contains(s.part_of, 'Procedure/' || t.id)
    ) as part_stated
  from score as s
),
ruled as (
  select
    pair.id,
    pair.lesion_id,
    case
      when is_focus then 1
      when focus_stated then null
      when is_part then 2
      when part_stated then null
      when same_site and is_open then 3
      -- A score at the site of a treatment belongs there or nowhere.
      when is_site_treated then null
      when same_group and is_open then 4
      when is_undated then null
      when same_encounter and site_unknown and is_open then 5
      when site_unknown and is_open then 6
    end as rank
  from pair
  inner join stated using (id)
),
best as (
  select
    id,
    lesion_id,
    rank,
    count(*) over (partition by id) as n
  from (
    select * from ruled where rank is not null
    qualify rank = min(rank) over (partition by id)
  )
),
named as (
  select
    id,
    lesion_id,
    case rank
      when 1 then 'focus' when 2 then 'part-of' when 3 then 'body-site'
      when 4 then 'site-group' when 5 then 'encounter' when 6 then 'time'
    end as link_rule,
    n
  from best
)
select id, lesion_id, link_rule, cast(null as varchar) as fault
from named
where n = 1 or (select ambiguous from setting) = 'share'
union all
select id, null, min(link_rule), 'ambiguous-' || min(link_rule)
from named
where n > 1 and (select ambiguous from setting) <> 'share'
group by id
union all
select
  s.id,
  null,
  null,
  coalesce(
    s.fault,
    case
      when stated.focus_stated then 'focus-elsewhere'
      when stated.part_stated then 'part-of-elsewhere'
      when exists (
        select 1 from pair where pair.id = s.id and is_open and is_undated and site_unknown
      ) then 'ambiguous-undated'
      when exists (select 1 from pair where pair.id = s.id and pair.is_open) then 'other-site'
      else 'no-open-lesion'
    end
  )
from score as s
inner join stated using (id)
where s.id not in (select id from named)
