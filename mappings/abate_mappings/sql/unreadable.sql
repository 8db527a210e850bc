-- One row is one line that is not a resource of this type with an id, and why; blank lines do not count.
select line, fault
from (select row_number() over () as line, fault from landed)
where fault is not null
order by line
