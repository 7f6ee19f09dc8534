"""Changes of accounts, from routes: by their owners, and by administrators."""

from quart import Response

from actors.model.user import User, UserChange
from actors.model.user_view import user_view
from web.encoding import answer
from web.errors import ProblemError
from web.exchange import timed
from web.named import user_tag
from web.services import services


async def changed_account(user: User, change: UserChange, *, kept_token: str | None = None) -> Response:
    """The answer that shows an account after a change of the version that was seen; whoever is logged in by it is looked at again.

    Args:
        user: the account, as it was seen.
        change: what becomes different.
        kept_token: id of a token that outlives a new password.

    Raises:
        ProblemError: PRECONDITION_FAILED when it was changed meanwhile.
        ConflictError: the name is taken, or no administrator would be left.
    """
    held = services()
    with timed("db"):
        changed = await held.store.users.change(user.id, change, version=user.version, kept_token=kept_token)
    if changed is None:
        raise ProblemError("PRECONDITION_FAILED", "It was changed since you saw it")
    held.access.change()
    return answer(user_view(changed), headers={"ETag": user_tag(changed)})
