"""What a request shows to say who makes it. Looks nothing up."""

import attrs

from web.access import Kind, Shown
from web.errors import ProblemError
from web.origin import SAFE_METHODS
from web.sent import Sent

COOKIE = "rookery_session"
KEY_HEADER = "X-API-Key"
CHALLENGE = 'Bearer realm="rookery"'


@attrs.frozen(kw_only=True)
class Credential:
    """The one thing that a request shows."""

    shown: Shown
    is_cookie: bool = False
    """Browsers send it by themselves, whoever made them ask."""


def credential(sent: Sent) -> Credential | None:
    """What a request shows: a bearer token or a key, or else the page's cookie.

    Another scheme of `Authorization` is somebody else's, such as a proxy's.

    Raises:
        ProblemError: BAD_REQUEST for several at once; UNAUTHENTICATED for one that cannot be any.
    """
    bearers = [value.strip() for value in sent.getlist("Authorization")]
    secrets = [value[len("bearer") :].strip() for value in bearers if value.lower().split(" ")[0] == "bearer"]
    keys = [value.strip() for value in sent.getlist(KEY_HEADER)]
    if len(bearers) > 1 or len(secrets) + len(keys) > 1:
        raise ProblemError("BAD_REQUEST", f"Show one thing only: a bearer token or a key as {KEY_HEADER}")
    if keys:
        shown = Shown.of(keys[0])
        if shown.kind is Kind.TOKEN:
            raise unauthenticated("This is no key; send tokens as Authorization: Bearer", is_wrong=True)
        return Credential(shown=shown)
    if secrets:
        return Credential(shown=Shown.of(secrets[0]))
    cookie = sent.cookies.get(COOKIE)
    return None if not cookie else Credential(shown=Shown.of(cookie), is_cookie=True)


def is_from_own_page(method: str, sent: Sent) -> bool:
    """Whether a request that shows a cookie was made by this server's own page, as far as that matters.

    What only reads is guarded by SameSite and by the rules for reading across origins. What writes, and a socket, must
    say so: `Origin`, which was found to be this server's own before, or `Sec-Fetch-Site: same-origin`; no page of
    another site can set either.
    """
    if method in SAFE_METHODS:
        return True
    return bool(sent.getlist("Origin")) or sent.getlist("Sec-Fetch-Site") == ["same-origin"]


def unauthenticated(message: str, *, is_wrong: bool = False) -> ProblemError:
    """The problem of a caller who is not known.

    Args:
        message: what to do.
        is_wrong: whether something was shown that lets nobody in.
    """
    challenge = f'{CHALLENGE}, error="invalid_token"' if is_wrong else CHALLENGE
    return ProblemError("UNAUTHENTICATED", message, headers={"WWW-Authenticate": challenge})
