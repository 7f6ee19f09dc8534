"""`rookery serve`: watch folders and serve their catalogue until a signal ends it."""

from pathlib import Path
from typing import Any

import attrs
import click
import trio

from actors.config import Config
from actors.errors import RookeryError
from actors.journal import Journal
from actors.media.demo import make_demo
from supervision import SupervisionError
from web.cli.database import refuse
from web.cli.last_resort import leave
from web.collector import spare_what_was_imported
from web.logs import configure_logs
from web.service import prepared
from web.settings import load_config

DEMO_FOLDER = "demo"


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@click.option("--demo", is_flag=True, help="Make a small library of synthesized recordings and serve it.")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 picks a free one.  [default: 8000]")
@click.option("--certificate", type=click.Path(path_type=Path), help="A PEM file: speak https, and show this.")
@click.option("--certificate-key", type=click.Path(path_type=Path), help="A PEM file with the certificate's key.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the catalogue is kept.")
@click.option("--database-url", help="A PostgreSQL server (15 or newer) of your own, instead of the embedded one.")
@click.option("--no-auth", is_flag=True, default=None, help="Ask nobody who they are, accounts or not.")
@click.option("--server", type=click.Choice(["lane", "hypercorn"]), help="What speaks HTTP.  [default: lane]")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
@click.option("--log-format", type=click.Choice(["text", "json"]))
def serve(folders: tuple[Path, ...], *, demo: bool, **settings: Any) -> None:
    """Watch FOLDERS and serve their live catalogue.

    Every setting can also stand in the environment as ROOKERY_… or, under [rookery], in the TOML file that
    ROOKERY_CONFIG names. The command line wins over the environment, and the environment over the file.
    """
    try:
        config = load_config(roots=folders, **settings)
        journal = Journal()
        configure_logs(config, journal)
        if demo:
            config = attrs.evolve(config, roots=(*config.roots, _demo_folder(config)))
        spare_what_was_imported()
        trio.run(_serve, config, journal)
    except (RookeryError, SupervisionError, BaseExceptionGroup) as error:
        refuse(error)


async def _serve(config: Config, journal: Journal) -> None:
    def announce(address: str) -> None:
        click.echo(f"Rookery is ready at {address}")

    with prepared(config, has_port=True, journal=journal) as service:
        await service.run(announce=announce, on_stuck=leave)


def _demo_folder(config: Config) -> Path:
    folder = config.data_dir / DEMO_FOLDER
    if not folder.is_dir():
        click.echo("Making a small library of synthesized recordings …", err=True)
        unfinished = folder.with_name(f"{DEMO_FOLDER}.part")
        unfinished.mkdir(parents=True, exist_ok=True)
        make_demo(unfinished)
        unfinished.rename(folder)
    return folder
