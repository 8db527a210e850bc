-- The elements that are read of a landed Procedure.
create or replace temp macro shape() as
  '{"status": "JSON",
    "code": {"coding": [{"system": "JSON", "code": "JSON"}]},
    "subject": {"reference": "JSON"},
    "encounter": {"reference": "JSON"},
    "performedDateTime": "JSON",
    "performedPeriod": {"start": "JSON", "end": "JSON"},
    "bodySite": "JSON", "reasonReference": "JSON", "complicationDetail": "JSON",
    "identifier": "JSON", "partOf": "JSON",
    "occurrenceDateTime": "JSON", "occurrencePeriod": {"start": "JSON", "end": "JSON"},
    "reason": "JSON", "complication": "JSON"}';

-- No element of it is shown as it was sent.
create or replace temp macro needs_text(r) as false;

-- All of them are read.
create or replace temp macro is_own(head, own_systems) as false;
create or replace temp macro is_of_use(head, score_codes) as true;
