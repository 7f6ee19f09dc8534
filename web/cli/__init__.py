"""The command `rookery`: one file per group of commands."""

from importlib import import_module

import click

COMMANDS = ("serve", "status", "tail", "logs", "search", "users", "keys", "backup", "restore", "doctor")
"""Each is the function of the same name in the module of the same name."""


class Commands(click.Group):
    """Imports a command when it is asked for, so that following a feed does not wait for what serving needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command by its name."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"web.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="rookery", prog_name="rookery")
def main() -> None:
    """Rookery: a live, searchable, analyzed catalogue of your recordings."""
