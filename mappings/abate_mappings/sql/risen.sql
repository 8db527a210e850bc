-- What came back has no tombstone any more.
delete from tombstone
where server = $server and type = $kind and id in (select id from arrived)
