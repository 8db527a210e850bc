-- One row is one line that is no resource of this type with an id, and why; blank lines are not counted.
select line, fault
from (select row_number() over () as line, fault from landed)
where fault is not null
order by line
