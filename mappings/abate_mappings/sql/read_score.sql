-- Replace the values that the mapping could not read and a plugin could.
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
