-- One row is one treated lesion, by the ids of the source, and whether it is analysed.
select c.patient_id, c.id, f.excluded_by is null as is_analysed
from candidate as c
inner join followed as f using (id)
where counts_as_treated(f.excluded_by)
order by c.starts, c.id
