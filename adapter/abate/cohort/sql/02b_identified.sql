-- One row is one identifier of a Procedure, and the reference that it stands for.
create or replace temp table identified as
select distinct
  named.one.system as system,
  named.one.value as value,
  'Procedure/' || p.id as reference
from procedure as p, unnest(p.identifiers) as named (one)
where p.server = study().server
