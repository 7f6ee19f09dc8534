"""Hashing passwords."""

import pytest
import trio

from actors.errors import BusyError
from actors.passwords import AT_ONCE, MOST_WAITING, NOBODY, Passwords, is_outdated


async def test_a_password_belongs_to_its_hash_alone():
    passwords = Passwords()
    one = await passwords.hashed("correct horse")

    assert one.startswith("$argon2id$")
    assert await passwords.is_right("correct horse", one)
    assert not await passwords.is_right("correct hors", one)


async def test_it_does_not_matter_how_a_keyboard_composes():
    passwords = Passwords()

    assert await passwords.is_right("caf\u00e9 caf\u00e9", await passwords.hashed("cafe\u0301 cafe\u0301"))


@pytest.mark.parametrize("password", ["", "x", "\0", "\ud800", "never anybody's"])
async def test_nothing_is_the_password_of_nobody(password):
    assert not await Passwords().is_right(password, None)


def test_nobody_costs_as_much_as_somebody():
    assert not is_outdated(NOBODY)


async def test_a_hash_that_is_none_is_nobodys():
    assert not await Passwords().is_right("anything", "not a hash")


async def test_who_finds_the_line_full_is_sent_away(autojump_clock):
    passwords = Passwords()
    outcomes = []

    async def ask():
        try:
            outcomes.append(await passwords.is_right("x", None))
        except BusyError:
            outcomes.append(None)

    places = passwords._places
    for _ in range(AT_ONCE):
        places.acquire_on_behalf_of_nowait(object())
    async with trio.open_nursery() as nursery:
        for _ in range(MOST_WAITING + 3):
            nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()

        assert outcomes == [None] * 3
    assert outcomes == [None] * (MOST_WAITING + 3)  # the line never moved


async def test_one_who_leaves_the_line_gives_up_the_place(autojump_clock):
    passwords = Passwords()
    holders = [object() for _ in range(AT_ONCE)]
    for holder in holders:
        passwords._places.acquire_on_behalf_of_nowait(holder)
    with trio.move_on_after(1):
        await passwords.is_right("x", None)
    for holder in holders:
        passwords._places.release_on_behalf_of(holder)

    assert passwords._places.statistics().borrowed_tokens == 0
