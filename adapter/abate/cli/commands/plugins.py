"""`abate plugins`: the installed plugins, and the analyses that they offer."""

import click

from abate.cli import options

EPILOG = """\b
Examples:
  abate plugins
  abate plugins --json
"""


@click.command("plugins", epilog=EPILOG)
@options.as_json
def command(as_json: bool) -> None:
    """List the plugins with their analyses, and broken plugins with their problem."""
    from dataclasses import asdict
    from importlib.metadata import version

    from abate.analysis.loader import load

    known = load(tolerant=True).known
    if as_json:
        options.print_json({"abate": version("abate"), "plugins": [asdict(one) for one in known]})
        return
    rows = [
        [
            one.name,
            f"{one.package} {one.version}",
            one.state,
            ", ".join(one.analyses) or one.problem,
        ]
        for one in known
    ]
    options.show(f"abate {version('abate')}\n")
    options.show(options.table(["plugin", "from", "state", "analyses, or the problem"], rows))
