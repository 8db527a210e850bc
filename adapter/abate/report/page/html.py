"""HTML from templates: every value is escaped, and an unknown name is an error."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from abate.report.page.formatting import WITHHELD, PageCell, exact, number

TEMPLATES = files(__package__) / "templates"


def page_html(template: str, **values: Any) -> str:
    """Return HTML for the page from the text of a Jinja template, with the page's macros.

    `{% from "cells.html" import cell, scroll %}` imports the cell of a number, used as
    `cell(value | shown)`, and `scroll(ID)`, the opening `<div>` of a table that may be wider than
    the screen.

    Args:
        template: the text of the template.
        values: the values by name; each is escaped.
    """
    return environment().from_string(template).render(**values)


@cache
def environment() -> Environment:
    """Return the environment of all templates."""
    made = Environment(
        autoescape=True,
        loader=FunctionLoader(lambda name: (TEMPLATES / name).read_text("utf-8")),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,  # A misspelt name prints nothing by default (Jinja 3.1, 2026).
    )
    made.filters["number"] = number
    made.filters["shown"] = _shown
    made.globals["WITHHELD"] = WITHHELD
    return made


def _shown(value: float | None) -> PageCell:
    return (
        PageCell(text="\u2013")
        if value is None
        else PageCell(text=number(value), exact=exact(value))
    )
