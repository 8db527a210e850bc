-- One row is one treated lesion, by the ids of the source, and whether it is analysed.
select c.patient_id, c.id, f.excluded_by is null as is_analysed
from candidate as c
inner join followed as f using (id)
where f.excluded_by is null
  or not (starts_with(f.excluded_by, 'status-') or f.excluded_by in ('same-session', 're-treatment', 'not-first'))
order by c.starts, c.id
