-- One row is one score and a lesion that it belongs to, or (lesion null) why it belongs to none; both are
-- given by their numbers.
create or replace temp table link as
with
-- The procedures of a lesion: its index procedure, those of its session, its adjuncts.
stands_for as (
  select id as procedure_id, id as lesion_id from lesion
  union all
  select id, session_of from candidate where fault = 'same-session'
  union all
  select id, lesion_id from adjunct where not is_ambiguous
),
-- What a score may refer to: by `partOf` one of the procedures, by `focus` also a reason of one.
named as (
  select lesion_id, list('Procedure/' || procedure_id) as procedures from stands_for group by lesion_id
),
-- A procedure that was not done, or recorded by mistake, is not a treatment, unless an unknown modifier may
-- change its meaning.
coded as (
  select patient_id, unnest(codings) as coding
  from procedure_of_person
  where state = 'rejected'
    and server = study().server
    and (
      reason in ('modifier-extension', 'implicit-rules')
      or coalesce(status, '') not in ('not-done', 'entered-in-error')
    )
),
-- Patients with a treatment without a usable date: a score may be after that treatment.
undated as (
  select patient_id from candidate where fault in ('index-date-missing', 'index-date-imprecise')
  union
  select coded.patient_id
  from coded
  inner join role
    on role.role = 'index' and role.system = coded.coding.system and role.code = coded.coding.code
),
-- A patient's only lesion: each of the patient's scores is paired with it.
alone as (
  select patient_id, min(id) as id from lesion group by patient_id having count(*) = 1
),
target as (
  select
    l.*,
    named.procedures,
    list_concat(named.procedures, l.reasons) as meant,
    u.patient_id is not null as is_undated,
    alone.patient_id is not null as is_only
  from lesion as l
  inner join named on named.lesion_id = l.id
  left join undated as u on u.patient_id = l.patient_id
  left join alone on alone.patient_id = l.patient_id
),
part as (
  select number as score, unnest(part_of) as reference from score where fault is null
  union all
  select score, unnest(part_of) from pointed
),
part_stated as (
  select distinct part.score
  from part
  inner join treatment on part.reference = 'Procedure/' || treatment.id
),
site_treated as (
  select distinct s.number as score
  from score as s
  inner join candidate as c
    on c.patient_id = s.patient_id
      and list_has_any(s.possible_sites, c.possible_sites)
  where s.fault is null
    and len(s.site_codes) > 0
    -- A procedure that was not done is not a treatment, and one after the data cut-off does not count.
    and coalesce(c.fault, '') not in ('status-not-done', 'status-entered-in-error', 'after-cutoff')
    -- The pair says whether the score is at the site of an only lesion.
    and c.id not in (select id from alone)
),
stated as (
  select
    s.*,
    pointed.focus as named_focus,
    pointed.part_of as named_part_of,
    -- A focus on another person or thing: the score is not about this patient's lesion.
    case
      when len(pointed.focus) > 0 then true
      when len(s.focus) > 0 then list_bool_or(
        list_transform(
          s.focus,
          lambda f: f <> 'Patient/' || s.patient_id and not starts_with(f, 'Encounter/')
        )
      )
      else false
    end as focus_stated,
    p.score is not null as part_stated,
    t.score is not null as is_site_treated
  from score as s
  left join part_stated as p on p.score = s.number
  left join site_treated as t on t.score = s.number
  left join pointed on pointed.score = s.number
  where s.fault is null
),
pair as (
  select
    s.number as score,
    l.number as lesion,
    l.is_only,
    s.focus_stated,
    s.part_stated,
    l.is_undated,
    case when len(s.focus) > 0 then list_has_any(s.focus, l.meant) else false end as is_focus,
    case when len(s.named_focus) > 0 then list_has_any(s.named_focus, l.procedures) else false end
      as is_named_focus,
    case when len(s.part_of) > 0 then list_has_any(s.part_of, l.procedures) else false end as is_part,
    case when len(s.named_part_of) > 0 then list_has_any(s.named_part_of, l.procedures) else false end
      as is_named_part,
    case
      when len(s.site_codes) > 0 then coalesce(list_has_any(s.possible_sites, l.possible_sites), false)
      else false
    end as same_site,
    s.is_site_treated or (l.is_only and same_site) as is_site_treated,
    coalesce(list_has_any(s.possible_groups, l.possible_groups), false) as same_group,
    -- A site that is stated only in words may be another site, so it does not count as unknown.
    (
      len(s.site_codes) = 0 and not s.is_site_uncoded
      or len(l.site_codes) = 0 and not l.is_site_uncoded
    )
      and is_side_shared(s, l) as site_unknown,
    s.encounter_id = l.encounter_id and s.score_day - l.start_day in (0, 1) as same_encounter,
    s.score_day between l.start_day + study().baseline_from and l.start_day + study().last_day
      and case
        when l.re_treated is null then true
        when s.precision = 'instant' and l.re_treated_precision = 'instant' then s.at <= l.re_treated
        else s.score_day < l.re_treated_day
      end as is_open
  from stated as s
  inner join target as l on l.patient_id = s.patient_id
),
-- The first rule that applies to a pair: up to 8 a rule that links, after that a reason not to link.
ruled as materialized (
  select
    score,
    lesion,
    is_only,
    case
      when is_focus then 1
      when is_named_focus then 2
      when focus_stated then 9
      when is_part then 3
      when is_named_part then 4
      when part_stated then 10
      when same_site and is_open then 5
      -- A score at the site of a treatment belongs to that treatment or to none.
      when same_group and is_open and not is_site_treated then 6
      when same_encounter and site_unknown and is_open and not is_site_treated and not is_undated then 7
      when site_unknown and is_open and not is_site_treated and not is_undated then 8
      when site_unknown and is_open and is_undated then 11
      when is_open then 12
      else 13
    end as rank
  from pair
),
-- The pairs of each score whose rule comes first: if several of them link, the score is ambiguous.
best as (
  select score, lesion, rank, 1 as rivals from ruled where is_only
  union all
  select score, lesion, rank, count(*) over (partition by score)
  from (select * from ruled where not is_only qualify rank = min(rank) over (partition by score))
),
explained as (
  select
    score,
    lesion,
    rank,
    rivals > 1 and study().ambiguous <> 'share' as is_ambiguous,
    case rank
      when 1 then 'focus' when 2 then 'focus-identifier'
      when 3 then 'part-of' when 4 then 'part-of-identifier'
      when 5 then 'body-site' when 6 then 'site-group'
      when 7 then 'encounter' when 8 then 'time'
    end as link_rule
  from best
)
select score, lesion, link_rule, cast(null as varchar) as fault
from explained
where rank <= 8 and not is_ambiguous
union all
select distinct
  score,
  cast(null as bigint),
  link_rule,
  case rank
    when 9 then 'focus-elsewhere' when 10 then 'part-of-elsewhere' when 11 then 'ambiguous-undated'
    when 12 then 'other-site' when 13 then 'no-open-lesion' else 'ambiguous-' || link_rule
  end
from explained
where rank > 8 or is_ambiguous
union all
select number, null, null, fault from score where fault is not null
