-- The end of `merge into TABLE as known using arrived as one`: one row per resource, as the server has it now. A
-- row of the same version is not written again, unless it is read in a new way.
-- A whole pull replaces a row even if lastUpdated went back: a server that was restored from a backup has older
-- dates. The same is true of a resource that was read because its version differs. In a pull of changes, an older
-- date is an answer that came late, unless the number of the version is higher: then the server's clock went back.
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
