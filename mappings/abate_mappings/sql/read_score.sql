-- A plugin could read the value that the mapping could not.
update mapped
set
  state = 'mapped',
  reason = null,
  value = $value,
  raw = $raw,
  scale = $scale,
  unit = $unit,
  instrument = coalesce($instrument, instrument),
  context = coalesce($context, context)
where id = $id
