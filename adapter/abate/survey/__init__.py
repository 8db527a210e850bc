"""What a server can do for a study, and what is there by code. Reads only, and within a limit."""

from abate.survey.advice import advise
from abate.survey.draft import Basis, Draft, draft
from abate.survey.found import Advice, Survey
from abate.survey.look import look

__all__ = ["Advice", "Basis", "Draft", "Survey", "advise", "draft", "look"]
