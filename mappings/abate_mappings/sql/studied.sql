-- One row is one patient of the study: the patient of an index procedure, and the patients merged with that one.
-- Landed Procedures count too, because resources of other patients are not stored.
create or replace temp table studied as
with recursive
link as (
  select id as one, replaced_by as other from patient where server = $server and replaced_by is not null
  union all
  select id, unnest(replaces) from patient where server = $server
),
treatment as (
  select patient_id, codings from procedure where server = $server
  union all
  select patient_id, codings from landing_procedure
),
person as (
  select distinct treatment.patient_id as id
  from treatment, unnest(treatment.codings) as coding (c)
  inner join role
    on role.role = 'index' and role.system = coding.c.system and role.code = coding.c.code
  where treatment.patient_id is not null
  union
  select case when link.one = person.id then link.other else link.one end
  from person
  inner join link on person.id in (link.one, link.other)
)
select id from person where id is not null
