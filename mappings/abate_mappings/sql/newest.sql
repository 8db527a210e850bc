-- One row: when the newest resource of the server was changed, up to a moment. A later date is no date of the
-- server's own clock.
select max(last_updated)
from resource
where server = $server and last_updated <= $until
