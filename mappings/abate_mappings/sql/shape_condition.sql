-- The elements that are read of a landed Condition.
create or replace temp macro shape() as
  '{"clinicalStatus": "JSON", "verificationStatus": "JSON",
    "severity": {"text": "JSON", "coding": [{"system": "JSON", "code": "JSON"}]},
    "code": {"coding": [{"system": "JSON", "code": "JSON"}]},
    "subject": {"reference": "JSON"},
    "onsetDateTime": "JSON", "abatementDateTime": "JSON"}';

-- No element of it is shown as it was sent.
create or replace temp macro needs_text(r) as false;

-- All of them are read.
create or replace temp macro is_own(head, own_systems) as false;
create or replace temp macro is_of_use(head, score_codes) as true;
