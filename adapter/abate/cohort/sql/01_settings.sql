-- The study's rules for the statements that follow: one row, and one row per visit and per adjunct.
create or replace temp table setting (
  server varchar, source_zone varchar, study_zone varchar, repeat varchar,
  baseline_from integer, baseline_to integer, same_day varchar, per_visit varchar,
  minimum_after bigint, require_baseline boolean, ambiguous varchar,
  instruments varchar[], context varchar, last_day integer, cutoff date
);
create or replace temp table visit (name varchar, day integer, first_day integer, last_day integer);
create or replace temp table adjunct_rule (kind varchar, within_hours bigint);
