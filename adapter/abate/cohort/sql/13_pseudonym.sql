-- Ids become keyed pseudonyms here; the key stays in the store.
create or replace temp macro pseudonym(type, id) as
  substr(
    sha256((select key from pseudonym_key) || '/' || (select server from setting) || '/' || type || '/' || id),
    1,
    16
  );
