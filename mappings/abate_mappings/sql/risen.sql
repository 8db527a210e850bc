-- Delete the tombstones of resources that came back.
delete from tombstone
where server = $server and type = $kind and id in (select id from arrived)
