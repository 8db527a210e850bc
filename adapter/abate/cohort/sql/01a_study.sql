-- The study's rules as a value, and the key of the pseudonyms: `study().cutoff` stands for a constant. Joined or
-- looked up by a subquery in 30 places, they cost the planner 15 ms of 150 (DuckDB 2.0.1, 2026-11).
set variable study = (select setting from setting);
set variable pseudonym_key = (select key from pseudonym_key);
create or replace temp macro study() as getvariable('study');
