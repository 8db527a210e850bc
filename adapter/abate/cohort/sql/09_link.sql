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
-- What a score may refer to, and the lesion that is meant.
meant as (
  select 'Procedure/' || procedure_id as reference, lesion_id, true as is_procedure from stands_for
  union all
  select unnest(reasons), id, false from lesion
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
focus as (
  select id, patient_id, unnest(focus) as reference from score
),
part as (
  select id, unnest(part_of) as reference from score
),
focused as (
  select distinct focus.id, meant.lesion_id from focus inner join meant using (reference)
),
parted as (
  select distinct part.id, meant.lesion_id
  from part
  inner join meant using (reference)
  where meant.is_procedure
),
-- A focus on anyone or anything else: the score is not of this patient's lesion.
focus_stated as (
  select distinct id
  from focus
  where reference <> 'Patient/' || patient_id and not starts_with(reference, 'Encounter/')
),
part_stated as (
  select distinct part.id
  from part
  inner join treatment on part.reference = 'Procedure/' || treatment.id
),
site_treated as (
  select distinct s.id
  from score as s
  inner join candidate as c
    on c.patient_id = s.patient_id
      and list_has_any(s.site_codes, c.site_codes)
      and (s.side is null or c.side is null or s.side = c.side or 'both' in (s.side, c.side))
  where len(s.site_codes) > 0
),
stated as (
  select
    s.id,
    f.id is not null as focus_stated,
    p.id is not null as part_stated,
    t.id is not null as is_site_treated,
    u.patient_id is not null as is_undated
  from score as s
  left join focus_stated as f on f.id = s.id
  left join part_stated as p on p.id = s.id
  left join site_treated as t on t.id = s.id
  left join undated as u on u.patient_id = s.patient_id
),
pair as materialized (
  select
    s.id,
    l.id as lesion_id,
    stated.* exclude (id),
    focused.id is not null as is_focus,
    parted.id is not null as is_part,
    s.side is null or l.side is null or s.side = l.side or 'both' in (s.side, l.side) as same_side,
    len(s.site_codes) > 0 and list_has_any(s.site_codes, l.site_codes) and same_side as same_site,
    coalesce(s.site_group = l.site_group, false) and same_side as same_group,
    -- A site that is stated in words only may be another one: it is not unknown.
    (
      len(s.site_codes) = 0 and not s.is_site_uncoded
      or len(l.site_codes) = 0 and not l.is_site_uncoded
    )
      and same_side as site_unknown,
    s.encounter_id = l.encounter_id and s.score_day - l.start_day in (0, 1) as same_encounter,
    s.score_day between l.start_day + t.baseline_from and l.start_day + t.last_day
      and case
        when l.re_treated is null then true
        when s.precision = 'instant' and l.re_treated_precision = 'instant' then s.at <= l.re_treated
        else s.score_day < l.re_treated_day
      end as is_open
  from score as s
  inner join stated using (id)
  inner join lesion as l on l.patient_id = s.patient_id
  left join focused on focused.id = s.id and focused.lesion_id = l.id
  left join parted on parted.id = s.id and parted.lesion_id = l.id
  cross join setting as t
  where s.fault is null
),
ruled as (
  select
    id,
    lesion_id,
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
),
ranked as (
  select id, rank, list(lesion_id) as lesions from ruled where rank is not null group by id, rank
),
best as (
  select
    id,
    arg_min(lesions, rank) as lesions,
    case min(rank)
      when 1 then 'focus' when 2 then 'part-of' when 3 then 'body-site'
      when 4 then 'site-group' when 5 then 'encounter' when 6 then 'time'
    end as link_rule
  from ranked
  group by id
),
open as (
  select
    id,
    bool_or(is_open) as is_open,
    bool_or(is_open and is_undated and site_unknown) as is_open_undated
  from pair
  group by id
)
select id, unnest(lesions) as lesion_id, link_rule, cast(null as varchar) as fault
from best
where len(lesions) = 1 or (select ambiguous from setting) = 'share'
union all
select id, null, link_rule, 'ambiguous-' || link_rule
from best
where len(lesions) > 1 and (select ambiguous from setting) <> 'share'
union all
select
  s.id,
  null,
  null,
  case
    when s.fault is not null then s.fault
    when stated.focus_stated then 'focus-elsewhere'
    when stated.part_stated then 'part-of-elsewhere'
    when open.is_open_undated then 'ambiguous-undated'
    when open.is_open then 'other-site'
    else 'no-open-lesion'
  end
from score as s
inner join stated using (id)
left join open using (id)
left join best using (id)
where best.id is null
