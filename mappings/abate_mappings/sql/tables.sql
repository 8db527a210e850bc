-- The tables of the store. They have no primary key: a batch has each (server, id) once, and is merged by it.
-- `content` is a hash of the JSON as it was sent, if the server gives no version that shows a change.

create table if not exists patient (
  server varchar, id varchar, version varchar, last_updated timestamptz, run_id varchar,
  state varchar, reason varchar, content varchar,
  sex varchar, birth_date varchar, deceased boolean, death varchar,
  replaced_by varchar, replaces varchar[],
  resource varchar
);

-- A store of an earlier version does not have these columns.
alter table patient add column if not exists replaced_by varchar;
alter table patient add column if not exists replaces varchar[];

create table if not exists procedure (
  server varchar, id varchar, version varchar, last_updated timestamptz, run_id varchar,
  state varchar, reason varchar, content varchar,
  patient_id varchar, encounter_id varchar, status varchar,
  codings struct(system varchar, code varchar)[],
  start_text varchar, end_text varchar,
  body_sites struct(system varchar, code varchar)[][], is_site_uncoded boolean,
  reasons varchar[], complications varchar[],
  part_of varchar[], part_named struct(system varchar, value varchar)[],
  identifiers struct(system varchar, value varchar)[],
  resource varchar
);

-- `part_named`, and `focus_named` below: the identifier of each reference without a literal reference.
alter table procedure add column if not exists part_of varchar[];
alter table procedure add column if not exists part_named struct(system varchar, value varchar)[];
alter table procedure add column if not exists identifiers struct(system varchar, value varchar)[];
-- One list for each `bodySite`, so that the side of each site is known; the flat list of 0.1 did not have that.
alter table procedure add column if not exists body_sites struct(system varchar, code varchar)[][];
alter table procedure drop column if exists sites;

create table if not exists condition (
  server varchar, id varchar, version varchar, last_updated timestamptz, run_id varchar,
  state varchar, reason varchar, content varchar,
  patient_id varchar, codings struct(system varchar, code varchar)[],
  clinical_status varchar, severity varchar, onset varchar, abatement varchar,
  resource varchar
);

create table if not exists observation (
  server varchar, id varchar, version varchar, last_updated timestamptz, run_id varchar,
  state varchar, reason varchar, content varchar,
  patient_id varchar, encounter_id varchar, status varchar, effective varchar,
  value double, raw varchar, unit varchar, scale double, instrument varchar, context varchar,
  focus varchar[], part_of varchar[], sites struct(system varchar, code varchar)[],
  is_site_uncoded boolean,
  focus_named struct(system varchar, value varchar)[],
  part_named struct(system varchar, value varchar)[],
  resource varchar
);

alter table observation add column if not exists focus_named struct(system varchar, value varchar)[];
alter table observation add column if not exists part_named struct(system varchar, value varchar)[];

-- One row is one resource of a server, whatever its type.
create or replace view resource as
select 'Patient' as type, server, id, version, last_updated, state, reason, run_id from patient
union all
select 'Procedure', server, id, version, last_updated, state, reason, run_id from procedure
union all
select 'Condition', server, id, version, last_updated, state, reason, run_id from condition
union all
select 'Observation', server, id, version, last_updated, state, reason, run_id from observation;

-- One row is one resource that a run found to be deleted on its server: it no longer counts, and is not kept.
create table if not exists tombstone (
  server varchar, type varchar, id varchar, run_id varchar, reason varchar
);

-- One row is one server: the moment of its own clock up to which the store has all that the study asks for. If it
-- is null, the next run pulls everything.
create table if not exists watermark (
  server varchar, reading varchar, moment timestamptz, strategy varchar, run_id varchar
);

-- One row is one type of a server: the parameters by which it is searched (or that it comes by an export or in
-- files), and whether that finds resources: `works`, `finds-nothing`, or `open` if that is not known.
-- `capability` is the digest of the CapabilityStatement of that day.
create table if not exists search (
  server varchar, type varchar, parameter varchar, state varchar, day date, capability varchar
);
-- One row is one remark of the last pull of a server: `withheld`, with the code with which the server withholds
-- rows; `left-group`, with the number of patients who left the Group; `unfiltered`, with a type of which an
-- export with a filter finds nothing.
create table if not exists pull_remark (server varchar, kind varchar, detail varchar, n bigint);

-- One row is one landed line that is not a resource of its file's type, so that it has no id. `file` is the
-- study's file that it was read from, if it came from one.
create table if not exists unreadable (
  run_id varchar, type varchar, line bigint, reason varchar, file varchar
);
alter table unreadable add column if not exists file varchar;

-- One row is one resource or line that was rejected, with the reason: by its id or its line.
create or replace view rejected as
select run_id, type, id, cast(null as bigint) as line, reason, cast(null as varchar) as file
from resource where state = 'rejected'
union all
select run_id, type, null, line, reason, file from unreadable;

-- One row is one run that loaded rows.
create table if not exists run (
  run_id varchar, server varchar, started_at timestamptz, study_digest varchar, version varchar
);

-- One row is one query of a run: the server's count and the number received; `left_out` of them had none of the
-- study's codes and did not land.
create table if not exists ledger (
  run_id varchar, query varchar, type varchar, expected bigint, received bigint, pages bigint,
  left_out bigint
);
alter table ledger add column if not exists left_out bigint;

-- One row is one resource type of a run: received = mapped + ignored + rejected.
create table if not exists accounted (
  run_id varchar, type varchar, received bigint, mapped bigint, ignored bigint, rejected bigint
);

-- One row is one step from the pulled resources to the analysed lesions of a run.
create table if not exists attrition (
  run_id varchar, position bigint, stage varchar, reason varchar, unit varchar, n bigint
);

-- The secret key of the pseudonyms; it never leaves the store.
create table if not exists pseudonym_key (key varchar);

-- One row: the digest of these statements, after all of them have run.
create table if not exists layout (digest varchar);
