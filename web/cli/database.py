"""Commands that work on the database itself, whether the service runs or not."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from actors.config import Config
from actors.errors import RookeryError
from web.cli.interrupt import run_until_interrupted
from web.logs import configure_logs
from web.service import foreseen
from web.settings import load_config

Command = TypeVar("Command", bound=Callable[..., Any])


def database_options(command: Command) -> Command:
    """The options that say which database is meant, as for `rookery serve`."""
    for option in (
        click.option("--database-url", help="The PostgreSQL server of your own that the service uses, if it does."),
        click.option("--data-dir", type=click.Path(path_type=Path), help="Where the catalogue is kept."),
    ):
        command = option(command)
    return command


def run_on(work: Callable[[Config], Awaitable[None]], **settings: Any) -> None:
    """Run a command with the settings of the service; only warnings are logged, what is foreseen is said in one line."""
    try:
        config = load_config(log_level="warning", **settings)
        configure_logs(config)
        run_until_interrupted(lambda: work(config))
    except (RookeryError, BaseExceptionGroup) as error:
        refuse(error)


def refuse(error: BaseException) -> NoReturn:
    """Say what is wrong in one line, without a traceback; what nobody foresaw is raised on."""
    reason = foreseen(error)
    if reason is None:
        raise error
    click.echo(f"rookery: {reason}", err=True)
    sys.exit(2)
