-- Whether one treatment is within 24 hours of an earlier one; where one has only a date, on the same day.
create or replace temp macro is_within_a_day(before, after) as
  case
    when before.precision = 'instant' and after.precision = 'instant'
      then after.starts - before.starts <= interval 24 hours
    else before.day = after.day
  end;

-- One row is one index procedure: a lesion, or the reason why it is none of its own.
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
-- Procedures that a score names, directly or by an identifier: each stands for itself.
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
-- A patient's only procedure repeats none.
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
-- Patient by patient, in the order of time: each procedure is held against the last treatment at
-- its site and side. Two unknown sites are not equal; but of two procedures within 24 hours, of which
-- nothing says that they are at different sites, the later one is of the same session.
walked as (
  select
    patient_id,
    cast(0 as bigint) as position,
    cast(null as varchar) as id,
    cast(null as varchar) as session_of,
    false as is_repeat,
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
    case when is_same_session then treatments else list_prepend(this, treatments) end
  from (
    select *, coalesce(is_within_a_day(earlier, this), false) as is_same_session
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
        )[1] as earlier
      from walked as w
      inner join ordered as o on o.patient_id = w.patient_id and o.position = w.position + 1
    )
  )
)
select
  judged.* exclude (fault),
  coalesce(
    fault,
    case
      when walked.session_of is not null then 'same-session'
      when walked.is_repeat and study().repeat in ('censor', 'ignore') then 're-treatment'
    end
  ) as fault,
  walked.session_of
from judged
left join walked using (id)
