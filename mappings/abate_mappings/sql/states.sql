-- One row is one state of the batch's resources, and how many are in it.
select state, count(*) from mapped group by state
union all
select 'ignored', count(*) from landed
where fault is null and (not is_read or rowid in (select place from superseded))
