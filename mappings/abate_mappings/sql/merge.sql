-- What follows `merge into TABLE as known using arrived as one`: one row a resource of the server, as the
-- server has it now. A row that says the same is not written again, unless it is read in a new way.
-- What a whole pull brought is the truth, also where lastUpdated went back: a server that was restored from
-- a backup says so with older dates. So is what was asked for because its version is another one now. Among
-- other changes, an older date is an answer that came late, unless the version's number is higher: then the
-- server's clock went back.
on known.server = one.server and known.id = one.id
when matched
  and ($is_read_anew
    or known.version is distinct from one.version
    or known.last_updated is distinct from one.last_updated
    or known.content is distinct from one.content)
  and ($is_whole
    or $is_compared
    or coalesce(one.last_updated >= known.last_updated, true)
    or coalesce(try_cast(one.version as bigint) > try_cast(known.version as bigint), false))
  then update by name
when not matched then insert by name
