"""`rookery restore`: a backup put back, while the service runs."""

from pathlib import Path
from typing import Any

import click

from actors.config import Config
from actors.store.archive import restore as put_back
from actors.store.visit import visited
from web.cli.database import database_options, run_on


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@database_options
def restore(file: Path, *, yes: bool, **settings: Any) -> None:
    """Replace the whole catalogue by the one in FILE, which `rookery backup` wrote.

    All or nothing: if anything fails, the catalogue stays as it is. A running service begins anew on what was put back, and compares it with
    the folders. Only put back files that you trust: an archive may hold any SQL.
    """
    if not yes:
        click.confirm("This replaces the whole catalogue. Go on?", abort=True)

    async def work(config: Config) -> None:
        async with visited(config) as url:
            await put_back(url, file)
        click.echo(f"{file} was put back")

    run_on(work, **settings)
