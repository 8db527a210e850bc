-- What follows `merge into TABLE as known using arrived as one`: one row a resource of the server, as the
-- server has it now. A row that says the same is not written again, unless it is read in a new way.
-- What a whole pull brought is the truth, also where lastUpdated went back: a server that was restored from
-- a backup says so with older dates. Among changes, an older version is an answer that came late.
on known.server = one.server and known.id = one.id
when matched
  and ($is_read_anew
    or known.version is distinct from one.version
    or known.last_updated is distinct from one.last_updated
    or known.content is distinct from one.content)
  and ($is_whole or coalesce(one.last_updated >= known.last_updated, true))
  then update by name
when not matched then insert by name
