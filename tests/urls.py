"""Addresses of databases, as variations of one at hand."""

from urllib.parse import urlsplit


def other_database(url: str, name: str) -> str:
    """Another database on the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def other_user(url: str, login: str) -> str:
    """The same database, for another `name` or `name:password`."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}").geturl()
