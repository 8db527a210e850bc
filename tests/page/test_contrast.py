"""Colours can be read: text 4.5 to 1, drawings 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re

import pytest

from abate.report.page import document, theme

TEXT = [
    ("ink", "paper"), ("muted", "paper"), ("accent", "paper"), ("ink", "soft"), ("muted", "soft"),
    ("accent", "soft"), ("warn-ink", "warn-paper"), ("alert-ink", "alert-paper"),
    ("good-ink", "good-paper"), ("paper", "accent"),
]  # fmt: skip


def _luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(params=["light", "dark"])
def colours(request, tiny):
    style = document.render(tiny).partition("<style>")[2].partition("</style>")[0]
    light, dark = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)[:2]
    block = light if request.param == "light" else dark
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))


@pytest.mark.parametrize(("ink", "paper"), TEXT)
def test_text_can_be_read(colours, ink, paper):
    assert _contrast(colours[ink], colours[paper]) >= 4.5


def test_black_on_white_is_21_to_1():
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("colour", [*theme.SERIES, theme.AXIS, theme.LINE])
def test_a_drawing_can_be_seen_on_both_papers(colour):
    assert _contrast(colour, "#ffffff") >= 3
    assert _contrast(theme.DARK[colour], "#12181e") >= 3


@pytest.mark.parametrize("colour", [theme.INK, theme.MUTED])
def test_words_in_a_drawing_can_be_read_on_both_papers(colour):
    assert _contrast(colour, "#ffffff") >= 4.5
    assert _contrast(theme.DARK[colour], "#12181e") >= 4.5


def test_every_colour_of_a_chart_is_repainted_on_a_dark_page(tiny):
    html = document.render(tiny)
    for light, dark in theme.DARK.items():
        assert f'.chart [fill="{light}"] {{ fill: {dark}; }}' in html
