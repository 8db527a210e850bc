-- One row is one patient who was merged, and the survivor: null if the links form a circle, or lead to several.
create or replace temp table person as
with recursive
link as (
  select id, replaced_by as survivor
  from patient
  where state = 'mapped' and server = study().server and replaced_by is not null
  union
  select unnest(replaces), id
  from patient
  where state = 'mapped' and server = study().server
),
chain as (
  select id, survivor, [id] as passed from link
  union
  select chain.id, link.survivor, list_append(chain.passed, chain.survivor)
  from chain
  inner join link on link.id = chain.survivor
  where not list_contains(chain.passed, chain.survivor)
),
ended as (
  select id, survivor from chain where survivor not in (select id from link)
)
select
  link.id,
  case when count(distinct ended.survivor) = 1 then min(ended.survivor) end as survivor
from link
left join ended using (id)
group by link.id;

-- One row is one resource of a patient: the resources of a patient who was merged are the survivor's.
create or replace temp view procedure_of_person as
select p.* replace (case when m.id is null then p.patient_id else m.survivor end as patient_id)
from procedure as p
left join person as m on m.id = p.patient_id;

create or replace temp view condition_of_person as
select c.* replace (case when m.id is null then c.patient_id else m.survivor end as patient_id)
from condition as c
left join person as m on m.id = c.patient_id;

create or replace temp view observation_of_person as
select
  o.rowid as number,
  o.* replace (case when m.id is null then o.patient_id else m.survivor end as patient_id)
from observation as o
left join person as m on m.id = o.patient_id;
