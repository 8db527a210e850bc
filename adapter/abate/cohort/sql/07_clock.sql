-- One row is one lesion's clock: the baseline is before the procedure and before its adjuncts, also before
-- adjuncts that may belong to another lesion.
create or replace temp table clock as
with
started as (
  select id as lesion_id, starts, start_day, precision from lesion
  union all
  select lesion_id, starts, start_day, precision from adjunct
)
select
  lesion_id,
  min(starts) as clock_starts,
  min(start_day) as clock_day,
  arg_min(precision, (starts, precision)) as clock_precision
from started
group by lesion_id
