-- Here ids become keyed pseudonyms; the key never leaves the store.
create or replace temp macro pseudonym(type, id) as
  substr(
    sha256(getvariable('pseudonym_key') || '/' || study().server || '/' || type || '/' || id),
    1,
    16
  );
