"""Every `abate` command on a page is run, in the order in which it stands there."""

import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
PORT = "8080"
# Many pages begin with this: it is run for the first of them, and copied for the others.
LAID_OUT = ["abate", "demo", "--directory", "pain"]
EQUAL = {True: "yes", False: "NO", None: "-"}


class Reader:
    """Somebody who follows a page, line by line, in a folder of their own."""

    def __init__(self, folder, abate, monkeypatch, shelf):
        self.folder, self.abate, self.monkeypatch = folder, abate, monkeypatch
        self.shelf = shelf
        self.port, self.exit_code, self.ran = _free_port(), 0, []
        self.servers = ExitStack()

    def follow(self, block):
        if block.kind == "test":
            assert block.text == "stop the sandbox"
            self.servers.close()
        elif block.kind == "console":
            self.console(block.text)
        elif block.file:
            self.save(block)

    def save(self, block):
        path = self.folder / block.file
        assert path.exists() == block.is_added, f"{block.file}: save or add?"
        with path.open("a", encoding="utf-8") as file:
            file.write(self.mine(f"\n{block.text}" if block.is_added else block.text))
        if block.file == "pyproject.toml":
            self.install(path)

    def install(self, project):
        """What `pip install --editable .` does for a plugin."""
        content = tomllib.loads(project.read_text("utf-8"))
        entries = content["project"]["entry-points"]["abate"]
        _install(self.folder, content["project"]["name"], entries, self.monkeypatch)

    def console(self, text):
        steps = re.split(r"^\$ ", text, flags=re.MULTILINE)
        assert steps[0] == "", "a console block begins with a command"
        for step in steps[1:]:
            command, _, shown = step.partition("\n")
            if command == "echo $?":
                assert self.exit_code == int(shown), self.ran[-1]
                self.exit_code = 0
            else:
                assert self.exit_code == 0, f"{self.ran[-1]}\nended with {self.exit_code}"
                self.run(shlex.split(self.mine(command)))

    def run(self, words):
        self.ran.append(shlex.join(words))
        if words[0] == "cd":
            self.folder = self.folder / words[1]
            self.monkeypatch.chdir(self.folder)
        elif words[0] == "export":
            name, _, value = words[1].partition("=")
            self.monkeypatch.setenv(name, value)
        elif words[:2] == ["abate", "sandbox"]:
            self.servers.enter_context(_served(words, self.folder, self.port))
        elif words == LAID_OUT and self.shelf.exists():
            shutil.copytree(self.shelf, self.folder / words[-1])
        elif words[0] == "abate":
            ran = self.abate(*words[1:])
            self.exit_code = ran.exit_code
            self.ran[-1] += f"\n{ran.out}\n{ran.err}"
            if words == LAID_OUT and self.exit_code == 0:
                shutil.copytree(self.folder / words[-1], self.shelf)
        else:
            self.start(words)
        self.redirect()

    def start(self, words):
        assert words[0] in ("curl", "python"), words
        program = sys.executable if words[0] == "python" else shutil.which(words[0])
        if words[0] == "curl":
            program, words = sys.executable, ["", *_as_curl(words)]
        done = subprocess.run(
            [program, *words[1:]], cwd=self.folder, capture_output=True, text=True, check=False
        )
        self.exit_code = done.returncode
        self.ran[-1] += f"\n{done.stdout}\n{done.stderr}"

    def redirect(self):
        for path in self.folder.glob("**/study.toml"):
            text = path.read_text("utf-8")
            if f":{PORT}/" in text:
                path.write_text(self.mine(text), "utf-8")

    def mine(self, text):
        return re.sub(rf"(:|--port ){PORT}\b", rf"\g<1>{self.port}", text)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return tmp_path_factory.mktemp("shelf") / "pain"


@pytest.fixture
def reader(tmp_path, abate, monkeypatch, shelf):
    folder = tmp_path / "reader"
    folder.mkdir()
    monkeypatch.chdir(folder)
    one = Reader(folder, abate, monkeypatch, shelf)
    with one.servers:
        yield one


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_command_of_a_page_ends_as_the_page_says(page, blocks, reader, tmp_path, monkeypatch):
    if page.name == "block-a-plugin.md":
        folder = tmp_path / "broken"
        folder.mkdir()
        (folder / "other_hospital.py").write_text("raise RuntimeError\n")
        _install(folder, "other-hospital", {"other_hospital": "other_hospital"}, monkeypatch)
    for block in blocks(page):
        reader.follow(block)
    assert reader.exit_code == 0, reader.ran[-1]
    _has_seen(page.name, "\n".join(reader.ran))


def _has_seen(name, output):
    """The facts that a page tells about what its commands show."""
    facts = {
        "tutorial.md": [
            "minimum-after 1",
            "no-score 1",
            "other-site 2",
            "0.07031",
            "0.03906",
            "0.125",
            '"resourceType":"DiagnosticReport"',
            "cementoplasty-2010/first-week/sign-test 0.888",
            "update [1-9]",
        ],
        "write-an-analysis.md": ["change-by-sex", "Mann-Whitney U, two-sided", "1 passed"],
        "block-a-plugin.md": ["other_hospital", "broken"],
        "run-nightly.md": ['"exit_code": 0'],
    }
    for fact in facts.get(name, []):
        assert re.search(fact, output), f"{fact!r} was not shown"


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_abate_commands_stand_where_they_are_run(page, blocks):
    for block in blocks(page):
        if block.kind in ("sh", "bash", "shell"):
            assert not re.search(r"^(\S*/)?abate\b", block.text, re.MULTILINE), block.text


def _served(words, folder, port):
    assert str(port) in words, "a page names the port of its sandbox"
    server = subprocess.Popen(
        [sys.executable, "-c", "from abate.cli import main; main()", *words[1:]],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    stack = ExitStack()
    stack.enter_context(server)
    stack.callback(server.terminate)
    assert str(port) in server.stdout.readline()
    return stack


def _as_curl(words):
    """A `curl -s URL` in Python, for machines that have no curl."""
    assert words[:2] == ["curl", "-s"]
    fetch = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())"
    return ["-c", fetch, words[2]]


def _install(folder, package, entries, monkeypatch):
    """Make a package's metadata as an installer does, and put its folder on the path."""
    described = folder / f"{package.replace('-', '_')}-0.1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.1.0\n")
    lines = [f"{name} = {module}" for name, module in entries.items()]
    (described / "entry_points.txt").write_text("\n".join(["[abate]", *lines]) + "\n")
    monkeypatch.syspath_prepend(str(folder))
    for module in entries.values():
        monkeypatch.delitem(sys.modules, module, raising=False)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_readme_shows_the_demo_as_it_is(root, blocks, demonstrated):
    [shown] = [b.text for b in blocks(root / "README.md") if b.text.startswith("$ abate demo\n")]
    known = {one.id: json.loads(json.dumps(one.as_json())) for one in demonstrated.shown.figures}
    table, _, sentence = shown.partition("\n\n")
    lines = [re.split(r" {2,}", line.strip()) for line in table.splitlines()[3:]]
    assert len(lines) >= 5
    for name, what, paper, ours, equal in lines:
        figure = known[name]
        assert what == figure["title"]
        assert [paper, equal] == [_shown(figure["paper"]), EQUAL[figure["agrees"]]]
        assert ours == f"{_shown(figure['ours'])} (n {figure['n']:g})"
    unequal = ", ".join(one["id"] for one in known.values() if one["agrees"] is False)
    equal = sum(one["agrees"] is True for one in known.values())
    assert re.match(rf"{equal} of {len(known)} .*: {unequal}$", sentence)


def _shown(value):
    return "-" if value is None else f"{value:.4g}"
