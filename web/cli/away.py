"""Why a service that a command talks to is away, for people."""

import os
import ssl
from collections.abc import Iterator
from itertools import chain

from trio_websocket import ConnectionClosed


def reason(error: BaseException) -> str:
    """What went wrong, in a few words: what TLS or the system says, else the first of the error and its causes with a text.

    Libraries wrap both in errors that say less ("all attempts to connect failed"), or nothing at all.
    """
    causes = list(_causes(error))
    for one in causes:
        if isinstance(one, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {one.verify_message}; SSL_CERT_FILE may name one of your own"
        if isinstance(one, ssl.SSLError):
            return f"no https there: {(one.reason or str(one)).lower().replace('_', ' ')}"
    systems = (_said_by_system(one) for one in causes if isinstance(one, OSError))
    return next(filter(None, chain(systems, map(_text, causes))), type(error).__name__)


def _said_by_system(error: OSError) -> str | None:
    """Trio writes the address before it, which everybody sees anyway; what resolving a name says has no number of the system."""
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error.strerror


def _text(error: BaseException) -> str:
    if isinstance(error, ConnectionClosed):
        closing = error.reason
        return f"closed: {closing.reason or closing.name or closing.code}" if closing is not None else "closed"
    return str(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what caused it; of several at once (one for each address of a name) the first."""
    while error is not None:
        yield error
        several = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
        error = several[0] if several else error.__cause__ or error.__context__
