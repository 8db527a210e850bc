"""A section that a plugin adds to the page, and the check of its HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Literal, get_args

Place = Literal["methods", "provenance"]
_OURS = ("summary", "attrition", "results", "methods", "provenance", "review")
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_TAGS = {
    "a", "abbr", "br", "caption", "code", "data", "dd", "div", "dl", "dt", "em", "h3", "h4", "li",
    "ol", "p", "section", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead",
    "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"class", "colspan", "href", "id", "role", "rowspan", "scope", "tabindex", "value"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSection:
    """A section of the page.

    Attributes:
        name: its id on the page, such as `checklist`; must be unique.
        title: its heading, and its entry in the page's contents.
        html: the content below the heading. `abate.page_html` makes it, and escapes each value.
        before: the part of the page that follows it.
        alert: HTML of a line that the summary shows, or empty.
    """

    name: str
    title: str
    html: str
    before: Place = "provenance"
    alert: str = ""


def fault_of(section: Any, others: Sequence[PageSection]) -> str:
    """Return what is wrong with a section of a plugin; empty if nothing is."""
    if not isinstance(section, PageSection):
        return "something that is not a PageSection"
    texts = (section.name, section.title, section.html, section.alert)
    if not all(isinstance(text, str) for text in texts) or not _NAME.fullmatch(section.name):
        return "a PageSection whose texts are not text, or whose name is not lower-case words"
    if section.name in (*_OURS, *(other.name for other in others)):
        return f"a second section {section.name!r}"
    if section.before not in get_args(Place):
        return f"a section before {section.before!r}, which is not one of {get_args(Place)}"
    return _fault_of_html(section.html) or _fault_of_html(section.alert)


def _fault_of_html(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if html.count("<") != reader.tags:
        reader.faults.append("HTML with a '<' that does not begin a whole tag")
    if reader.open:
        reader.faults.append(f"HTML whose <{reader.open[-1]}> is not closed")
    return reader.faults[0] if reader.faults else ""


class _Reader(HTMLParser):
    """Finds the HTML that is not allowed on a page that runs and fetches nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags = 0
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags += 1
        refused = [name for name, value in attrs if not _is_harmless(name, value or "")]
        if tag not in _TAGS or refused:
            words = " ".join([tag, *refused])
            self.faults.append(f"HTML with <{words}>, which is not allowed on the page")
        if tag != "br":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # In HTML, a slash does not close a tag.

    def handle_endtag(self, tag: str) -> None:
        self.tags += 1
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"HTML whose </{tag}> closes nothing")


def _is_harmless(name: str, value: str) -> bool:
    """Whether an attribute runs and fetches nothing; a link must lead to a part of the page."""
    if name == "href":
        return value.startswith("#")
    return name in _ATTRIBUTES or name.startswith(("aria-", "data-"))
