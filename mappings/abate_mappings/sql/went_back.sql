-- The end of `from TABLE as known`: one row, the number of received resources with another version and an earlier
-- date than in the store. A version with a lower number is an answer that came late, and does not count.
inner join arrived as one on known.server = one.server and known.id = one.id
where one.last_updated < known.last_updated
  and one.version <> known.version
  and not coalesce(try_cast(one.version as bigint) < try_cast(known.version as bigint), false)
