"""The command `rookery`: one file per group of commands."""

import click

from web.cli.serve import serve
from web.cli.status import status
from web.cli.tail import tail


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="rookery", prog_name="rookery")
def main() -> None:
    """Rookery: a live, searchable, analyzed catalogue of your recordings."""


main.add_command(serve)
main.add_command(status)
main.add_command(tail)
