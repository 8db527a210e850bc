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
        options.print_json(
            {"abate": version("abate"), "plugins": [asdict(plugin) for plugin in known]}
        )
        return
    rows = [
        [
            plugin.name,
            f"{plugin.package} {plugin.version}",
            plugin.state,
            ", ".join(plugin.analyses) or plugin.problem,
        ]
        for plugin in known
    ]
    options.show(f"abate {version('abate')}\n")
    options.show(options.table(["plugin", "from", "state", "analyses, or the problem"], rows))
