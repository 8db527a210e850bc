-- Ids become keyed pseudonyms here; the key stays in the store.
create or replace temp macro pseudonym(type, id) as
  substr(
    sha256(getvariable('pseudonym_key') || '/' || study().server || '/' || type || '/' || id),
    1,
    16
  );
