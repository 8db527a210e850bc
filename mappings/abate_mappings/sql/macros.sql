-- What every mapping uses to read FHIR's JSON. A leaf stays JSON until one of these reads it.

-- The one reader: one row is one line that is not blank, in the file's order; null if no JSON.
create or replace temp macro lines_of(path) as table
  select json as resource, row_number() over () as line
  from read_ndjson_objects(path, ignore_errors = true, hive_partitioning = false);

-- Why a line is no resource of this type with an id; null where it is one.
create or replace temp macro line_fault(resource, resource_type, id, kind) as
  case
    when resource is null then 'malformed-line'
    when text_of(resource_type) is null then 'no-resource'
    when text_of(resource_type) <> kind then 'other-type'
    when coalesce(text_of(id), '') = '' then 'no-id'
  end;

-- The text of a JSON string; null for anything else.
create or replace temp macro text_of(leaf) as
  case when json_type(leaf) = 'VARCHAR' then leaf ->> '$' end;

-- The text of a JSON number; null for anything else: "7" and true are no numbers.
create or replace temp macro number_of(leaf) as
  case when json_type(leaf) in ('UBIGINT', 'BIGINT', 'DOUBLE') then cast(leaf as varchar) end;

-- The codings of a CodeableConcept that have a system and a code.
create or replace temp macro codings_of(codings) as
  list_filter(
    list_transform(
      coalesce(codings, []),
      lambda c: {'system': trim(text_of(c.system)), 'code': trim(text_of(c.code))}
    ),
    lambda c: c.system is not null and c.code is not null
  );

-- The codes of codings, whatever their system, also without one.
create or replace temp macro codes_of(codings) as
  list_transform(coalesce(codings, []), lambda c: trim(text_of(c.code)));

-- A reference relative to the server's base, without its version: `Type/id`; null for any other.
create or replace temp macro reference_of(leaf, server) as
  nullif(
    regexp_extract(
      case
        when starts_with(text_of(leaf), server || '/') then substr(text_of(leaf), length(server) + 2)
        else text_of(leaf)
      end,
      '^([A-Za-z]+/[A-Za-z0-9.-]{1,64})(/_history/.*)?$',
      1
    ),
    ''
  );

-- The id of a reference to `kind`; null for any other.
create or replace temp macro id_of(leaf, kind, server) as
  case
    when starts_with(reference_of(leaf, server), kind || '/')
      then substr(reference_of(leaf, server), length(kind) + 2)
  end;

-- The references of a JSON array that are `Type/id`.
create or replace temp macro references_of(leaf, server) as
  list_filter(
    list_transform(
      coalesce(from_json(leaf, '[{"reference": "JSON"}]'), []),
      lambda r: reference_of(r.reference, server)
    ),
    lambda r: r is not null
  );

-- Whether a JSON leaf is there and is no array of that many references.
create or replace temp macro is_broken(leaf, found) as
  leaf is not null
  and (json_type(leaf) <> 'ARRAY' or json_array_length(leaf) <> len(found));

-- Whether an end of a reference range holds something else than a number.
create or replace temp macro is_end_broken(leaf) as
  case
    when leaf is null then false
    when json_type(leaf) <> 'OBJECT' then true
    else json_extract(leaf, '$.value') is not null and number_of(json_extract(leaf, '$.value')) is null
  end;

-- How much of an instant a FHIR date or dateTime gives; `local` is a time without an offset.
create or replace temp macro precision_of(moment) as
  case
    when moment is null or starts_with(moment, '0000') then null
    when regexp_full_match(
      moment, '\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):\d{2}(:\d{2}(\.\d+)?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)'
    ) then case when try_cast(moment as timestamptz) is not null then 'instant' end
    when regexp_full_match(moment, '\d{4}-\d{2}-\d{2}') then
      case when try_cast(moment as date) is not null then 'day' end
    when regexp_full_match(moment, '\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):\d{2}(:\d{2}(\.\d+)?)?') then
      case when try_cast(moment as timestamp) is not null then 'local' end
    when regexp_full_match(moment, '\d{4}-\d{2}') then
      case when try_cast(moment || '-01' as date) is not null then 'month' end
    when regexp_full_match(moment, '\d{4}') then 'year'
  end;

-- The one place that turns a FHIR dateTime into an instant; null where it gives only a day.
create or replace temp macro instant_of(moment, source_zone) as
  case precision_of(moment)
    when 'instant' then try_cast(moment as timestamptz)
    when 'local' then timezone(source_zone, try_cast(moment as timestamp))
  end;

-- Its calendar day in the study's zone; a date only is never shifted.
create or replace temp macro day_of(moment, source_zone, study_zone) as
  case
    when precision_of(moment) = 'day' then try_cast(moment as date)
    else cast(timezone(study_zone, instant_of(moment, source_zone)) as date)
  end;

-- meta.lastUpdated; null where it is no instant, 'infinity' too.
create or replace temp macro updated_of(leaf) as
  case precision_of(text_of(leaf)) when 'instant' then try_cast(text_of(leaf) as timestamptz) end;

-- Why a FHIR dateTime cannot be used as it is; null where it can.
create or replace temp macro moment_fault(moment, source_zone) as
  case
    when moment is null then null
    when precision_of(moment) is null then 'malformed'
    when precision_of(moment) = 'local' and source_zone is null then 'without-zone'
  end;
