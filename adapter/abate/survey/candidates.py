"""Codes that may be what a study looks for: by what their name says, for a person to decide.

A code is never taken for a study's by its name alone when data are read; these are proposals.
"""

import re
from collections.abc import Iterable

from abate.survey.model import SeenCode, Survey

# In the languages of the servers that were looked at; a stem is enough.
INDEX_WORDS = re.compile(
    r"cementoplast|vertebroplast|kyphoplast|kifoplast|sacroplast|osteoplast|zementoplast"
    r"|cifoplast|vertebral augment|bone cement|knochenzement",
    re.IGNORECASE,
)
SCORE_WORDS = re.compile(
    r"\bpain|schmerz|douleur|dolor\b|dolore|\bpijn|smerte|smärta|kipu|\bdor\b|\bnrs\b|\bvas\b"
    r"|[._-](nrs|vas|pain)\b",
    re.IGNORECASE,
)
# A pain Observation that is no intensity.
NO_INTENSITY = re.compile(
    r"interfer|locat|onset|durat|qualit|panel|character|relie|manage|goal|accept|chest pain",
    re.IGNORECASE,
)
RADIOTHERAPY_WORDS = re.compile(
    r"radiother|radiation|strahlenther|bestrahl|irradiat|brachyther", re.IGNORECASE
)
SHOWN = 8


def local_index(survey: Survey) -> list[SeenCode]:
    """Procedure codes that no list has and whose name says that bone is filled with cement."""
    return [one for one in _unknown(survey, "Procedure") if _says(one, INDEX_WORDS)]


def local_scores(survey: Survey) -> list[SeenCode]:
    """Observation codes that no list has and whose name speaks of pain, and of no other of it."""
    named = (one for one in _unknown(survey, "Observation") if _says(one, SCORE_WORDS))
    return [one for one in named if not _says(one, NO_INTENSITY)]


def radiotherapy(survey: Survey) -> list[SeenCode]:
    """Procedure codes whose name says radiotherapy."""
    return [one for one in _unknown(survey, "Procedure") if _says(one, RADIOTHERAPY_WORDS)]


def other(survey: Survey, kind: str, taken: Iterable[SeenCode]) -> list[SeenCode]:
    """The most frequent further codes of a type that no list has, a few of them."""
    refused = {one.reference for one in taken}
    return [one for one in _unknown(survey, kind) if one.reference not in refused][:SHOWN]


def _unknown(survey: Survey, kind: str) -> list[SeenCode]:
    """The codes without a list that a study file can name."""
    seen = survey.sample_of(kind).codes
    return [one for one in seen if one.system and one.exact and not one.list]


def _says(one: SeenCode, words: re.Pattern[str]) -> bool:
    return bool(words.search(one.display) or words.search(one.code))
