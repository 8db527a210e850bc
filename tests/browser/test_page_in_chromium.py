"""The page in a real browser: it fits, it can be read, and it says so in both schemes."""

import html
import json
import re
import shutil
import subprocess

import pytest

from abate import demo

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=5000",
)  # fmt: skip
# The frame has the page's own width: a window of Chromium is never narrower than 500 pixels.
MEASURE = """<!DOCTYPE html><iframe id="frame" style="border:0;width:%dpx;height:900px"
srcdoc="%s"></iframe><pre id="out"></pre><script>
const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
const part = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) =>
  0.2126 * part(r / 255) + 0.7152 * part(g / 255) + 0.0722 * part(b / 255);
window.onload = () => {
  const inner = frame.contentWindow, page = inner.document;
  const paper = one => {
    for (; one; one = one.parentElement) {
      const [r, g, b, a = 1] = rgb(inner.getComputedStyle(one).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const words = one => [...one.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const seen = one => one.checkVisibility() && words(one) && !one.closest("style, title, desc");
  const faint = [...page.body.querySelectorAll("*")].filter(seen).filter(one => {
    const style = inner.getComputedStyle(one);
    const ink = rgb(one.closest("svg") ? style.fill : style.color);
    const [low, high] = [light(ink), light(paper(one))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05) < 4.5;
  });
  const shown = name =>
    [...page.querySelectorAll(name)].filter(one => one.checkVisibility()).length;
  out.textContent = JSON.stringify({
    width: page.documentElement.scrollWidth,
    wide: shown(".drawing.wide"), narrow: shown(".drawing.narrow"),
    faint: faint.map(one => one.textContent.trim().slice(0, 60)),
    looked: [...page.body.querySelectorAll("*")].filter(seen).length,
    dark: inner.matchMedia("(prefers-color-scheme: dark)").matches,
  });
};
</script>"""


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    demo.run(folder)
    [path] = folder.glob("*/report.html")
    return path.read_text("utf-8")


@pytest.fixture
def measured(page, tmp_path):
    """Measure the page at a width, in a scheme."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    assert browser, "there is no chromium on the path"

    def measure(width, *, is_dark=False):
        path = tmp_path / "measure.html"
        path.write_text(MEASURE % (width, html.escape(page)), "utf-8")
        scheme = f"--blink-settings=preferredColorScheme={0 if is_dark else 1}"
        size = f"--window-size={width + 40},1000"
        own = f"--user-data-dir={tmp_path / 'profile'}"
        ran = subprocess.run(
            [browser, *QUIET, own, scheme, size, "--dump-dom", path.as_uri()],
            check=True, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        found = re.search(r'<pre id="out">(\{.*?\})</pre>', ran.stdout, flags=re.DOTALL)
        assert found, "the page was not measured"
        return json.loads(html.unescape(found[1]))

    return measure


@pytest.mark.parametrize("width", [320, 360, 768, 1400])
def test_the_page_is_as_wide_as_its_window(measured, width):
    assert measured(width)["width"] <= width


def test_each_width_has_its_own_drawings(measured):
    narrow, wide = measured(360), measured(1400)
    assert (narrow["wide"], wide["narrow"]) == (0, 0)
    assert narrow["narrow"] == wide["wide"] > 3


@pytest.mark.parametrize("is_dark", [False, True])
def test_every_word_can_be_read(measured, is_dark):
    found = measured(1400, is_dark=is_dark)
    assert found["dark"] is is_dark
    assert found["looked"] > 500
    assert found["faint"] == []
