"""Where the service is that a command talks to."""

import ssl
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT = "http://127.0.0.1:8000"
UNAUTHENTICATED = 401


def address(_: click.Context, __: click.Parameter, url: str) -> str:
    """An address as people write it, made whole: `localhost:8300` is `http://localhost:8300`.

    Raises:
        click.BadParameter: it is none.
    """
    whole = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(whole)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_one = False
    if not is_one:
        raise click.BadParameter(f"{url!r} is no address such as {DEFAULT}")
    return whole.rstrip("/")


def token_option(command: Command) -> Command:
    """The option `--token` of every command that talks to a running service."""
    return click.option(
        "--token",
        envvar="ROOKERY_TOKEN",
        show_envvar=True,
        help="A login's token or an API key, where the service asks; rather in the environment, where nobody else sees it.",
    )(command)


def shown(token: str | None) -> dict[str, str]:
    """Headers that show a token or key, if there is one."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def trusted(url: str) -> ssl.SSLContext | bool:
    """What a client of httpx trusts: what the machine does, or `SSL_CERT_FILE`; by itself it would ask neither, but certifi."""
    return ssl.create_default_context() if url.startswith("https:") else False


def asks_who(url: str, token: str | None) -> str:
    """What is said of a service that refused whoever asked for want of a name: what to do."""
    if token is None:
        return f"{url} asks who you are: show a token or key with --token or ROOKERY_TOKEN"
    return f"{url} lets nobody in (any more) by what --token or ROOKERY_TOKEN shows"


def url_option(command: Command) -> Command:
    """The option `--url` of every command that talks to a running service."""
    return click.option(
        "--url",
        default=DEFAULT,
        envvar="ROOKERY_URL",
        show_default=True,
        show_envvar=True,
        callback=address,
        help="The service.",
    )(command)
