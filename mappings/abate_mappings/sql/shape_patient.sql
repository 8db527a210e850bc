-- The elements that are read of a landed Patient.
create or replace temp macro shape() as
  '{"gender": "JSON", "birthDate": "JSON",
    "deceasedBoolean": "JSON", "deceasedDateTime": "JSON",
    "link": [{"other": {"reference": "JSON"}, "type": "JSON"}]}';

-- No element of it is shown as it was sent.
create or replace temp macro needs_text(r) as false;

-- All of them are read.
create or replace temp macro is_own(head, own_systems) as false;
create or replace temp macro is_of_use(head, score_codes) as true;
