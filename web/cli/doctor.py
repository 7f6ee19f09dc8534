"""`rookery doctor`: everything that a good question to a stranger would hold."""

import sys
from pathlib import Path
from typing import Any

import attrs
import click
import msgspec
from rich.table import Table
from rich.text import Text

from actors.config import Config
from web.cli.checks import findings
from web.cli.database import database_options, run_on
from web.cli.finding import Finding, Verdict
from web.cli.interrupt import Console, written

SIGNS = {Verdict.FINE: Text("✓", "green"), Verdict.NOTE: Text("!", "yellow"), Verdict.WRONG: Text("✗", "red")}


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One finding a line.")
@click.option("--host", help="Where the service listens or would.")
@click.option("--port", type=click.IntRange(1, 65535), help="The same.")
@database_options
def doctor(folders: tuple[Path, ...], *, as_json: bool, **options: Any) -> None:
    """Look at everything that the service needs, and say what is wrong.

    Changes nothing, shows no password, and can run beside the service. The exit code is 1 if something has to be mended.
    """
    verdicts: list[Verdict] = []

    async def work(config: Config) -> None:
        async for finding in findings(config):
            verdicts.append(finding.verdict)
            (_say_json if as_json else _say)(finding)

    run_on(work, roots=folders, **options)
    if Verdict.WRONG in verdicts:
        sys.exit(1)


def _say_json(finding: Finding) -> None:
    written(msgspec.json.encode(attrs.asdict(finding)).decode())


def _say(finding: Finding) -> None:
    row = Table.grid(padding=(0, 1))
    row.add_column(width=1)
    row.add_column(width=12)
    row.add_column(overflow="fold")
    row.add_row(SIGNS[finding.verdict], finding.about, Text(finding.text))
    if finding.advice is not None:
        row.add_row("", "", Text(f"→ {finding.advice}", "bold"))
    Console(highlight=False).print(row)
