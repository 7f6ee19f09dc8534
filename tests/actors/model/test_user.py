"""Roles."""

import pytest

from actors.model.user import Role


@pytest.mark.parametrize(
    "role,other,holds",
    [
        (Role.LISTENER, Role.LISTENER, True),
        (Role.LISTENER, Role.EDITOR, False),
        (Role.EDITOR, Role.LISTENER, True),
        (Role.EDITOR, Role.ADMIN, False),
        (Role.ADMIN, Role.EDITOR, True),
    ],
)
def test_each_role_may_do_what_those_below_may(role, other, holds) -> None:
    assert role.includes(other) is holds
