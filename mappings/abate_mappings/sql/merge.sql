-- What follows `merge into TABLE as known`: one row a resource of the server, in its newest version.
-- Newer is told by lastUpdated, and by the run where the server gives none. A pull is whole: what it
-- did not bring is gone from the server, and comes back in whatever version it comes back in.
using newest
on known.server = newest.server and known.id = newest.id
when matched
  and (
    newest.last_updated is null
    or known.last_updated is null
    or newest.last_updated >= known.last_updated
    or known.state = 'gone'
  )
  then update by name
when not matched then insert by name
when not matched by source and known.server = $server and known.state <> 'gone'
  then update set
    state = 'gone', reason = 'not-on-the-server', run_id = $run_id, resource = null
