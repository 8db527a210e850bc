-- One row is one resource that was deleted on the server, or that the study's query no longer finds.
create or replace temp table gone (type varchar, id varchar);

-- One row is one patient who has left the study's Group.
create or replace temp table left_group (id varchar);

-- One row is one landed Procedure: its patient and its codes.
create or replace temp table landing_procedure (
  patient_id varchar, codings struct(system varchar, code varchar)[]
);

-- One row is one patient of the study; see studied.sql.
create or replace temp table studied (id varchar);
