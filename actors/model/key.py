"""Secrets that programs show instead of a password, and what is known of them. The secrets themselves are never kept."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

import attrs

from actors.model.user import Role

TOKEN_PREFIX = "rt_"  # noqa: S105  # a mark by which people and scanners tell what they found
KEY_PREFIX = "rk_"
SECRET_BYTES = 32


@attrs.frozen(kw_only=True)
class Key:
    """One API key, as everyone may see it to whom it belongs."""

    id: str
    user_id: str
    name: str
    """What its owner calls it."""
    role: Role
    """What it allows, as long as its owner may that too."""
    added_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    """To the minute."""


@attrs.frozen(kw_only=True)
class Token:
    """What a login gives, without its secret."""

    id: str
    user_id: str
    added_at: datetime
    expires_at: datetime


def fresh_secret(prefix: str) -> str:
    """A new secret of 256 random bits behind a prefix; fit for headers, cookies and shells."""
    return prefix + secrets.token_urlsafe(SECRET_BYTES)


def digest(secret: str) -> bytes:
    """What is kept of a secret, 32 bytes. Without salt: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def is_one_of(shown: bytes, known: Iterable[bytes]) -> bool:
    """Whether a digest is among some, in a time that does not tell how far two agree, nor which one it is."""
    found = False
    for one in known:
        found |= hmac.compare_digest(shown, one)
    return found
