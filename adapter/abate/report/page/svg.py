"""A drawing prepared for a page: one text alternative, unique ids, no active content."""

import re
from xml.etree import ElementTree as ET

from abate.errors import AbateError

_SVG = "http://www.w3.org/2000/svg"
# The elements that a chart may contain; links, images and scripts are not among them.
_DRAWN = {
    "circle", "clipPath", "defs", "g", "line", "linearGradient", "path", "radialGradient", "rect",
    "stop", "svg", "text", "title", "tspan",
}  # fmt: skip
_DROPPED = ("role", "class", "aria-", "pointer-events")
# The default attributes of an element.
_USUAL = {("opacity", "1"), ("font-weight", "normal"), ("stroke-width", "1")}
_NO_PATH = "M0,0h0v0h0Z"
_POINTER = re.compile(r"url\((['\"]?)#([^)'\"]+)\1\)")


class NotDrawn(AbateError):
    """A chart cannot be drawn; only the chart is missing, and its table is shown."""


def frame(svg: str, *, name: str, title: str, alt: str) -> str:
    """Return the drawing for a page: `name` makes its ids unique, `alt` describes it.

    Raises:
        NotDrawn: it contains an element that is not allowed.
    """
    root = ET.fromstring(svg)  # noqa: S314 - vl-convert wrote it: it declares no entities
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
        if element.tag not in _DRAWN or any(map(_acts, element.attrib)):
            raise NotDrawn(f"it contains <{element.tag}>, which is not allowed on the page")
        _tidy(element, name)
    _leave_out_empty(root)
    return _with_words(root, name, title, alt)


def _acts(attribute: str) -> bool:
    return attribute.startswith("on") or attribute.endswith("href")


def _tidy(element: ET.Element, name: str) -> None:
    for key, value in list(element.attrib.items()):
        if key.startswith(_DROPPED) or (key, value) in _USUAL:
            del element.attrib[key]
        elif key == "id":
            element.set(key, f"{name}-{value}")
        else:
            element.set(key, _POINTER.sub(rf"url(#{name}-\2)", value))


def _leave_out_empty(root: ET.Element) -> None:
    """Remove paths that draw nothing and overlapping labels: Vega 5.20 keeps both, invisible."""
    for parent in list(root.iter()):
        for child in list(parent):
            is_blank = child.tag == "path" and child.get("d", _NO_PATH) == _NO_PATH
            if is_blank or child.get("opacity") == "0":
                parent.remove(child)


def _with_words(root: ET.Element, name: str, title: str, alt: str) -> str:
    box, width = root.get("viewBox", ""), root.get("width", "")
    root.attrib.clear()
    root.attrib |= {
        "class": "chart",
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "viewBox": box,
        "style": f"max-width:{width}px",
    }
    for place, (tag, words) in enumerate((("title", title), ("desc", alt))):
        element = ET.Element(tag, {"id": f"{name}-{tag}"})
        element.text = words
        root.insert(place, element)
    return ET.tostring(root, encoding="unicode")
