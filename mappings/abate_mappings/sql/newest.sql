-- One row: the date of the newest resource of the server, up to a moment. A later date is not of the server's own
-- clock.
select max(last_updated)
from resource
where server = $server and last_updated <= $until
