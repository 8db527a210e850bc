"""The survey of a server: its abilities, and counts by code. It only reads, within a limit."""

from abate.survey.advice import advise
from abate.survey.model import Advice, Survey
from abate.survey.study_template import Basis, StudyTemplate, fill_template
from abate.survey.survey import sample_server, survey_server

__all__ = [
    "Advice",
    "Basis",
    "StudyTemplate",
    "Survey",
    "advise",
    "fill_template",
    "sample_server",
    "survey_server",
]
