"""Things that addresses name."""

from contextlib import AbstractContextManager

import attrs
import pytest

from actors.model.key import digest
from actors.model.user import LOCAL_CALLER, Caller, Role
from web.errors import ProblemError
from web.exchange import Exchange, serving
from web.named import named_key, named_memory, named_root, named_track, named_user, own_user, wanted_track
from web.services import using


def asking(who: Caller = LOCAL_CALLER) -> AbstractContextManager[Exchange]:
    return serving(Exchange(request_id="r", method="GET", path="/", caller=who))


@pytest.mark.parametrize("bad", ["", "nope", "\0", "ä", "x" * 129, "a/b", "a b", "a\n"])
async def test_what_is_not_there_is_refused(served, bad: str) -> None:
    with using(served.services), asking():
        for find, code in (
            (named_track, "TRACK_NOT_FOUND"),
            (wanted_track, "TRACK_NOT_FOUND"),
            (named_root, "NOT_FOUND"),
            (named_user, "NOT_FOUND"),
            (named_key, "NOT_FOUND"),
            (named_memory, "NOT_FOUND"),
        ):
            with pytest.raises(ProblemError) as caught:
                await find(bad)
            assert caught.value.refusal.code == code


async def test_what_is_there_is_found(served, shelf) -> None:
    track_id = await shelf.put("named.mp3")
    with using(served.services), asking() as current:
        assert (await named_track(track_id)).id == track_id
        assert await named_root(shelf.root.id) == shelf.root
        assert list(current.spent_s) == ["db"]


async def test_only_what_still_waits_is_brought_forward(served, shelf) -> None:
    done = await shelf.put("done.mp3", peaks=b"\0\0")
    waits = await shelf.put("waits.mp3")
    with using(served.services), asking():
        for track_id in (done, waits):
            assert (await wanted_track(track_id)).id == track_id
    ranks = await shelf.store.pool.read(
        lambda connection: connection.fetch("SELECT id, priority FROM track WHERE id = ANY($1)", [done, waits])
    )

    assert {row["id"]: row["priority"] > 0 for row in ranks} == {done: False, waits: True}


async def test_keys_are_there_for_their_owner_and_for_administrators(peopled) -> None:
    users, store = peopled.users, peopled.served.store
    key = await store.keys.add(users[Role.EDITOR].id, digest("rk_k"), name="k", role=Role.LISTENER, expires_at=None)
    with using(peopled.served.services):
        for role, is_there in ((Role.EDITOR, True), (Role.ADMIN, True), (Role.LISTENER, False)):
            with asking(attrs.evolve(LOCAL_CALLER, user_id=users[role].id, role=role)):
                assert await own_user() == users[role]
                if is_there:
                    assert await named_key(key.id) == key
                else:
                    with pytest.raises(ProblemError):
                        await named_key(key.id)


async def test_the_local_user_is_oneself_but_no_account(served) -> None:
    with using(served.services), asking():
        assert (await own_user()).id == "local"
        with pytest.raises(ProblemError):
            await named_user("local")


async def test_one_who_was_removed_meanwhile_is_not_known(served) -> None:
    gone = asking(attrs.evolve(LOCAL_CALLER, user_id="gone"))
    with using(served.services), gone, pytest.raises(ProblemError) as refused:
        await own_user()

    assert refused.value.refusal.code == "UNAUTHENTICATED"
