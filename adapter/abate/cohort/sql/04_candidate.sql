-- Whether a treatment is within 24 hours of an earlier one; if one has only a date, on the same day.
create or replace temp macro is_within_a_day(before, after) as
  case
    when before.precision = 'instant' and after.precision = 'instant'
      then after.starts - before.starts <= interval 24 hours
    else before.day = after.day
  end;

-- The state of an index procedure, and the changes by a further procedure of its session.
create or replace temp macro and_further(own, further) as
  case when further is null then own else list_concat(own, further) end;

-- One row is one index procedure: a lesion, or the reason why it is not a lesion of its own.
create or replace temp table candidate as
with recursive
judged as (
  select
    t.*,
    case
      when t.status <> 'completed' then 'status-' || t.status
      when t.precision is null then 'index-date-missing'
      when t.precision in ('year', 'month') or t.end_precision in ('year', 'month')
        then 'index-date-imprecise'
      when t.start_day > study().cutoff then 'after-cutoff'
      when p.id is null then 'patient-missing'
    end as fault
  from treatment as t
  left join patient as p
    on p.id = t.patient_id and p.state = 'mapped' and p.server = study().server
  where t.role = 'index'
),
-- Procedures that a score refers to, by reference or identifier: each is a treatment of its own.
pointed_at as (
  select reference
  from (
    select unnest(list_concat(focus, part_of)) as reference
    from observation_of_person
    where state = 'mapped' and server = study().server
  )
  union
  select identified.reference
  from (
    select unnest(list_concat(focus_named, part_named)) as one
    from observation_of_person
    where state = 'mapped' and server = study().server
  ) as named
  inner join identified on identified.system = named.one.system and identified.value = named.one.value
),
-- A patient's only procedure cannot repeat another one.
several as (
  select patient_id from judged where fault is null group by patient_id having count(*) > 1
),
ordered as (
  select
    id,
    patient_id,
    {'id': id, 'starts': starts, 'day': start_day, 'precision': precision,
      'sided_sites': sided_sites, 'side': side, 'reasons': coalesce(reasons, []),
      'is_unknown': len(site_codes) = 0 and not is_site_uncoded
        and 'Procedure/' || id not in (select reference from pointed_at where reference is not null)
    } as this,
    row_number() over (partition by patient_id order by starts, id) as position
  from judged
  where fault is null and patient_id in (select patient_id from several)
),
-- For each patient in the order of time: each procedure is compared with the last treatment at its site and
-- side. Two unknown sites are not equal. But if two procedures are within 24 hours, and nothing says that
-- their sites differ, the later one belongs to the session of the earlier one. The session gets its further
-- sites, unless these belong to two treatments of that day, which stay two.
walked as (
  select
    patient_id,
    cast(0 as bigint) as position,
    cast(null as varchar) as id,
    cast(null as varchar) as session_of,
    false as is_repeat,
    false as is_wider,
    [this][:0] as treatments
  from ordered
  where position = 1
  union all
  select
    patient_id,
    position,
    id,
    case when is_same_session then earlier.id end,
    earlier is not null,
    is_wider,
    case
      when is_wider then list_prepend(
        {'id': earlier.id, 'starts': earlier.starts, 'day': earlier.day, 'precision': earlier.precision,
          'sided_sites': this.sided_sites, 'side': this.side, 'reasons': earlier.reasons,
          'is_unknown': false},
        treatments
      )
      when is_same_session then treatments
      else list_prepend(this, treatments)
    end
  from (
    select
      *,
      is_same_session
        and not list_has_all(earlier.sided_sites, this.sided_sites)
        and len(
          list_distinct(
            list_transform(list_filter(earlier_ones, lambda t: is_within_a_day(t, this)), lambda t: t.id)
          )
        ) = 1 as is_wider
    from (
      select
        *,
        earlier_ones[1] as earlier,
        coalesce(is_within_a_day(earlier_ones[1], this), false) as is_same_session
      from (
        select
          o.*,
          w.treatments,
          list_filter(
            w.treatments,
            lambda t: coalesce(list_has_any(t.sided_sites, o.this.sided_sites), false)
            or (
              t.is_unknown
              and o.this.is_unknown
              and t.side is not distinct from o.this.side
              and (len(t.reasons) = 0 or len(o.this.reasons) = 0 or list_has_any(t.reasons, o.this.reasons))
              and coalesce(is_within_a_day(t, o.this), false)
            )
          ) as earlier_ones
        from walked as w
        inner join ordered as o on o.patient_id = w.patient_id and o.position = w.position + 1
      )
    )
  )
),
wider as (
  select
    walked.session_of as id,
    flatten(list(judged.site_codes)) as site_codes,
    flatten(list(judged.sided_sites)) as sided_sites,
    flatten(list(judged.possible_sites)) as possible_sites,
    flatten(list(judged.possible_groups)) as possible_groups,
    flatten(list(judged.possible_sides)) as possible_sides
  from walked
  inner join judged using (id)
  where walked.is_wider
  group by walked.session_of
)
select
  judged.* exclude (fault, site_codes, sided_sites, possible_sites, possible_groups, possible_sides),
  and_further(judged.site_codes, wider.site_codes) as site_codes,
  and_further(judged.sided_sites, wider.sided_sites) as sided_sites,
  and_further(judged.possible_sites, wider.possible_sites) as possible_sites,
  and_further(judged.possible_groups, wider.possible_groups) as possible_groups,
  and_further(judged.possible_sides, wider.possible_sides) as possible_sides,
  coalesce(
    fault,
    case
      when walked.session_of is not null then 'same-session'
      when walked.is_repeat and study().repeat <> 'new' then 're-treatment'
    end
  ) as fault,
  walked.session_of
from judged
left join walked using (id)
left join wider using (id)
