-- The store. Rows have no primary key: a batch is merged by (server, id), each id once.
-- `content` is a hash of the JSON as it was sent, where the server gives no version to tell a change by.

create table if not exists patient (
  server varchar, id varchar, version varchar, last_updated timestamptz, run_id varchar,
  state varchar, reason varchar, content varchar,
  sex varchar, birth_date varchar, deceased boolean, death varchar,
  replaced_by varchar, replaces varchar[],
  resource varchar
);

-- A store that an earlier version made has them not.
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

-- `part_named`, and `focus_named` below: one for each reference that has no literal one, its identifier.
alter table procedure add column if not exists part_of varchar[];
alter table procedure add column if not exists part_named struct(system varchar, value varchar)[];
alter table procedure add column if not exists identifiers struct(system varchar, value varchar)[];
-- One list for each `bodySite`: which side is whose. The flat list that was there did not tell.
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

-- One row is one resource that a run found gone from its server: it no longer counts, and is not kept.
create table if not exists tombstone (
  server varchar, type varchar, id varchar, run_id varchar, reason varchar
);

-- One row is one server: up to which moment of its own clock all of what the study asks for is here. Null
-- where that is not known: the next pull is of everything.
create table if not exists watermark (
  server varchar, reading varchar, moment timestamptz, strategy varchar, run_id varchar
);

-- One row is one type of a server: by which parameters it is searched (or that it comes by an export or in
-- files), and whether that is known to find what is there: `works`, `finds-nothing`, or `open`, where nothing
-- tells. `capability` is the digest of the CapabilityStatement of that day.
create table if not exists search (
  server varchar, type varchar, parameter varchar, state varchar, day date, capability varchar
);
-- One row is one thing that the last pull of a server learned beside its rows: `withheld`, with the code by
-- which the server said that it withholds rows; `left-group`, with the number of patients who left the Group;
-- `unfiltered`, with a type of which an export finds nothing by a filter.
create table if not exists pull_remark (server varchar, kind varchar, detail varchar, n bigint);

-- One row is one landed line that is no resource of its file's type: it has no id to be kept by. `file` is
-- the study's own file that it was read from, if it was one.
create table if not exists unreadable (
  run_id varchar, type varchar, line bigint, reason varchar, file varchar
);
alter table unreadable add column if not exists file varchar;

-- One row is one resource or line that could not be read as it should, and why: by id or by line.
create or replace view rejected as
select run_id, type, id, cast(null as bigint) as line, reason, cast(null as varchar) as file
from resource where state = 'rejected'
union all
select run_id, type, null, line, reason, file from unreadable;

-- One row is one execution that loaded.
create table if not exists run (
  run_id varchar, server varchar, started_at timestamptz, study_digest varchar, version varchar
);

-- One row is one query of a run: what the server has, and what arrived; of this, `left_out` had none of the
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

-- One row is one step from pulled to analysed in a run.
create table if not exists attrition (
  run_id varchar, position bigint, stage varchar, reason varchar, unit varchar, n bigint
);

-- The one secret that makes pseudonyms of ids; it never leaves the store.
create table if not exists pseudonym_key (key varchar);

-- One row: the digest of these statements, after all of them have run.
create table if not exists layout (digest varchar);
