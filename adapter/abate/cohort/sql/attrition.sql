-- One row is a step from the pulled resources to the analysed lesions: a stage, a reason, a count.
with
known as (
  select type, state, reason from resource where server = study().server
),
index_procedure as (
  select c.id, c.patient_id, f.excluded_by
  from candidate as c
  inner join followed as f using (id)
),
treated as (
  select * from index_procedure where counts_as_treated(excluded_by)
),
step as (
  select 0 as position, 'left the group' as stage, '' as reason, 'patient' as unit, n
  from pull_remark
  where kind = 'left-group' and server = study().server
  union all
  select 1 as position, 'received' as stage, type as reason, 'resource' as unit, count(*) as n
  from (select type from known union all select type from unreadable where run_id = $run_id)
  group by type
  union all
  select 2, 'mapped', type, 'resource', count(*) from known where state = 'mapped' group by type
  union all
  select 3, 'ignored', type || ' ' || reason, 'resource', count(*)
  from known where state = 'ignored' group by type, reason
  union all
  select 4, 'rejected', type || ' ' || reason, 'resource', count(*)
  from known where state = 'rejected' group by type, reason
  union all
  select 4, 'rejected', type || ' ' || reason, 'resource', count(*)
  from unreadable where run_id = $run_id group by type, reason
  union all
  select 5, 'index procedures', '', 'procedure', count(*) from index_procedure
  union all
  select 6, 'no lesion', excluded_by, 'procedure', count(*)
  from index_procedure where id not in (select id from treated) group by excluded_by
  union all
  select 7, 'treated', '', 'patient', count(distinct patient_id) from treated
  union all
  select 8, 'treated', '', 'lesion', count(*) from treated
  union all
  select 9, 'excluded', excluded_by, 'lesion', count(*)
  from treated where excluded_by is not null group by excluded_by
  union all
  select 10, 'excluded', '', 'patient', count(distinct patient_id)
  from treated
  where patient_id not in (select patient_id from treated where excluded_by is null)
  union all
  select 11, 'scores not linked', fault, 'score', count(*)
  from link where lesion is null group by fault
  union all
  select 12, 'scores linked', link_rule, 'score', count(*)
  from link where lesion is not null group by link_rule
  union all
  select 13, 'scores left out', fault, 'score', count(*)
  from chosen where not chosen group by fault
  union all
  select 14, 'scores chosen', visit, 'score', count(*)
  from chosen where chosen group by visit
  union all
  select 14, 'scores assumed', 'same-day-' || study().same_day, 'score', count(*)
  from chosen where chosen and is_undetermined
  union all
  select 14, 'scores assumed', 'focus-unresolved', 'score', count(*)
  from chosen
  inner join pointed using (score)
  where chosen and is_focus_open and link_rule not in ('focus', 'focus-identifier')
  union all
  select 14, 'scores assumed', 'part-of-unresolved', 'score', count(*)
  from chosen
  inner join pointed using (score)
  where chosen
    and is_part_open
    and link_rule not in ('focus', 'focus-identifier', 'part-of', 'part-of-identifier')
  union all
  select 15, 'adjuncts', case when is_ambiguous then 'ambiguous' else kind end, 'procedure', count(distinct id)
  from adjunct group by all
  union all
  select 16, 'adjuncts not linked',
    case
      when status <> 'completed' then 'status-' || status
      when precision is null or precision not in ('day', 'instant') then 'date-imprecise'
      when id in (select adjunct_id from belonging) then 'part-of-elsewhere'
      else 'no-lesion-near'
    end as reason,
    'procedure',
    count(*)
  from treatment
  where role = 'adjunct' and id not in (select id from adjunct) group by all
  union all
  select 17, 'facts left out', kind || ' ' || fault, 'resource', count(*)
  from fact where fault is not null group by kind, fault
  union all
  select 18, 'analysed', '', 'patient', count(distinct patient_id) from treated where excluded_by is null
  union all
  select 19, 'analysed', '', 'lesion', count(*) from treated where excluded_by is null
)
select stage, reason, unit, n from step where n > 0 or stage in ('treated', 'analysed')
order by position, reason, unit
