-- One row is one state of the batch's resources, and their number.
select state, count(*) from mapped group by state
union all
select 'ignored', count(*) from landed
where fault is null and (not is_read or rowid in (select place from superseded))
