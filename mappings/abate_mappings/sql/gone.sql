-- One row is one resource that the pull knows to have left the server, or what the study asks for.
create or replace temp table gone (type varchar, id varchar);

-- One row is one patient who has left the Group that is studied.
create or replace temp table left_group (id varchar);

-- One row is one Procedure that is landing: its patient and its codes.
create or replace temp table landing_procedure (
  patient_id varchar, codings struct(system varchar, code varchar)[]
);

-- One row is one person of the study; see studied.sql.
create or replace temp table studied (id varchar);
