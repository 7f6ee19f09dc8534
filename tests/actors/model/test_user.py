"""Roles, and how long callers are who they were."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.model.user import LOCAL_CALLER, Role

ROLES = st.sampled_from(Role)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


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


@given(ROLES, ROLES, ROLES)
def test_roles_are_in_one_order(one, two, three):
    assert one.includes(one)
    assert one.includes(two) or two.includes(one)
    assert (one == two) == (one.includes(two) and two.includes(one))
    if one.includes(two) and two.includes(three):
        assert one.includes(three)


@given(ROLES, ROLES)
def test_a_key_allows_no_more_than_itself_nor_than_its_owner(key, owner):
    held = key.within(owner)

    assert key.includes(held)
    assert owner.includes(held)
    assert held in {key, owner}
    assert held == owner.within(key)


@pytest.mark.parametrize("left_s,is_over", [(1, False), (0, True), (-1, True)])
def test_a_caller_ends_at_the_moment_that_was_said(left_s, is_over):
    caller = attrs.evolve(LOCAL_CALLER, expires_at=NOW + timedelta(seconds=left_s))

    assert caller.is_expired(NOW) is is_over


def test_what_has_no_end_never_ends():
    assert not LOCAL_CALLER.is_expired(NOW + timedelta(days=100_000))
