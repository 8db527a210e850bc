-- The roles of the study's codes, and all code lists; made for each run.
create or replace temp table role (
  role varchar, kind varchar, system varchar, code varchar, name varchar, site_group varchar,
  instrument varchar, context varchar, scale double, value double
);
create or replace temp table code_list (
  list varchar, system varchar, code varchar, name varchar, site_group varchar,
  instrument varchar, context varchar, scale double, value double
);
