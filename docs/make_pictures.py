"""Draw the pictures of the report: python docs/make_pictures.py (needs chromium).

The report is that of the published study. Chromium has no window narrower than 500 pixels, so that
the narrow page is looked at through a frame.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from abate import demo

PICTURES = Path(__file__).parent / "pictures"
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars",
)  # fmt: skip
NARROWEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture: which part of the page it begins with, its size, its colours."""

    name: str
    width: int
    height: int
    part: str = "summary"
    is_dark: bool = False


WANTED = (
    Picture(name="report-light-1400", width=1400, height=1500),
    Picture(name="report-charts-1400", width=1400, height=1500, part="analysis-pain-course"),
    Picture(
        name="report-dark-1400", width=1400, height=1500, part="analysis-pain-course", is_dark=True
    ),
    Picture(name="report-360", width=360, height=1500),
    Picture(name="report-charts-360", width=360, height=1500, part="analysis-pain-course"),
)


def main() -> int:
    """Draw all of them."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.stderr.write("there is no chromium on the path\n")
        return 1
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        demo.run(folder)
        [page] = folder.glob("*/report.html")
        for picture in WANTED:
            draw(browser, page, picture, folder)
    return 0


def draw(browser: str, page: Path, picture: Picture, folder: Path) -> None:
    """Draw one picture of a page; raises CalledProcessError if the browser fails."""
    shown = folder / "shown.html"
    shown.write_text(_beginning_with(page.read_text("utf-8"), picture.part), "utf-8")
    if picture.width < NARROWEST:
        frame = folder / "frame.html"
        style = f"border:0;width:{picture.width}px;height:{picture.height}px"
        frame.write_text(f'<body style="margin:0"><iframe src="shown.html" style="{style}">')
        shown = frame
    subprocess.run(  # noqa: S603 - a browser of the path, and arguments of ours
        [
            browser,
            *QUIET,
            f"--user-data-dir={folder / 'profile'}",
            f"--blink-settings=preferredColorScheme={0 if picture.is_dark else 1}",
            f"--window-size={max(picture.width, NARROWEST)},{picture.height}",
            f"--screenshot={PICTURES / picture.name}.png",
            shown.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )


def _beginning_with(html: str, part: str) -> str:
    """The page without what stands between its head and a section."""
    if part == "summary":
        return html
    before, main, after = html.partition('<main id="main" tabindex="-1">')
    place = after.rindex("<section", 0, after.index(f'id="{part}"'))
    return before.partition("<nav")[0] + main + after[place:]


if __name__ == "__main__":
    sys.exit(main())
