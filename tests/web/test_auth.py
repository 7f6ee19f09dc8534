"""What callers may do."""

import pytest

from actors.model.user import LOCAL_CALLER, Caller, Role
from web.auth import caller, demand
from web.errors import ProblemError
from web.exchange import Exchange, serving


def asked_by(who: Caller) -> Exchange:
    return Exchange(request_id="r", method="GET", path="/", caller=who)


def test_without_accounts_everyone_is_the_local_administrator() -> None:
    with serving(Exchange(request_id="r", method="GET", path="/")):
        demand(Role.ADMIN)

        assert caller() == LOCAL_CALLER


def test_too_low_a_role_is_refused() -> None:
    with serving(asked_by(Caller(user_id="1", name="ada", role=Role.LISTENER))):
        demand(Role.LISTENER)
        with pytest.raises(ProblemError) as refused:
            demand(Role.EDITOR)

    assert refused.value.refusal.code == "FORBIDDEN"
