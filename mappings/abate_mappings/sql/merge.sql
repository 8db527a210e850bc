-- What follows `merge into TABLE as known using (arrived.sql) as one`: one row a resource of the server, as
-- the server has it now.
-- A pull is whole, so what it brought is the truth, also where lastUpdated went back: a server that
-- was restored from a backup says so with older dates. What it did not bring is gone from the server.
on known.server = one.server and known.id = one.id
when matched then update by name
when not matched then insert by name
when not matched by source and known.server = $server and known.state <> 'gone'
  then update set
    state = 'gone', reason = 'not-on-the-server', run_id = $run_id, resource = null
