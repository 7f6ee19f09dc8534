"""`rookery backup`: the whole catalogue as one file, while the service runs."""

from pathlib import Path
from typing import Any

import click
from rich.filesize import decimal

from actors.config import Config
from actors.errors import ConfigurationError
from actors.store.archive import dump
from actors.store.visit import visited
from web.cli.database import database_options, run_on


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@database_options
def backup(file: Path, *, force: bool, **settings: Any) -> None:
    """Write the whole catalogue to FILE: tracks, measurements, people, ratings, memories.

    The service may run meanwhile, and is not held up; the file holds one consistent moment. It is a PostgreSQL archive, and appears only
    when it is complete. Recordings are not in it: back up your folders as you always do.
    """
    is_there = file.exists()

    async def work(config: Config) -> None:
        if is_there and not force:
            raise ConfigurationError(f"{file} exists. Name another file, or replace it with --force.")
        async with visited(config) as url:
            size_bytes = await dump(url, file)
        click.echo(f"{file}: {decimal(size_bytes)}")

    run_on(work, **settings)
