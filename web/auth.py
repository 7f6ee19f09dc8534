"""What the one who makes the present request may do."""

from actors.model.user import Caller, Role
from web.errors import ProblemError
from web.exchange import exchange


def caller() -> Caller:
    """Who makes the present request; inside one only."""
    return exchange().caller


def demand(role: Role) -> None:
    """Let the present request go on only if its caller has this role or a higher one.

    Raises:
        ProblemError: FORBIDDEN.
    """
    if not caller().role.includes(role):
        raise ProblemError("FORBIDDEN", f"This needs the role {role}", details={"role": caller().role})
