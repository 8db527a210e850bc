-- What follows `from TABLE as known`: one row, how many resources arrived in another version with an earlier
-- date than the one that the store has. A version with a lower number is an answer that came late.
inner join arrived as one on known.server = one.server and known.id = one.id
where one.last_updated < known.last_updated
  and one.version <> known.version
  and not coalesce(try_cast(one.version as bigint) < try_cast(known.version as bigint), false)
