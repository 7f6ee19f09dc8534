"""The things that addresses name: looked up, or refused as not there."""

import re
from functools import partial

from actors.model.key import Key
from actors.model.memory import Memory, memory_view
from actors.model.root import Root
from actors.model.track import Presence, Stage, Track
from actors.model.trashed import Trashed
from actors.model.user import LOCAL_USER_ID, Role, User
from web.auth import caller
from web.credentials import unauthenticated
from web.encoding import entity_tag, json_bytes
from web.errors import ProblemError
from web.exchange import timed, unless_left
from web.services import services

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_WAITING = frozenset({Stage.PENDING, Stage.FAILED})


async def named_track(track_id: str) -> Track:
    """The track with this id, with what the caller keeps about it.

    Raises:
        ProblemError: TRACK_NOT_FOUND, also for what cannot be an id.
    """
    track = None
    if _ID.fullmatch(track_id):
        with timed("db"):
            track = await unless_left(partial(services().store.tracks.find, track_id, person_id=caller().user_id))
    if track is None:
        raise no_track()
    return track


def no_track() -> ProblemError:
    """The refusal of an id that no track has."""
    return ProblemError("TRACK_NOT_FOUND", "No track has this id")


def track_tag(track: Track) -> str:
    """The entity tag of a track as the caller sees it."""
    return entity_tag("track", services().version, track.id, track.version, own=(caller().user_id, track.mine))


async def wanted_track(track_id: str) -> Track:
    """The track with this id, which somebody opens now: if it still waits for its analysis, it comes next.

    Raises:
        ProblemError: as `named_track`.
    """
    track = await named_track(track_id)
    if track.stage in _WAITING and track.presence is Presence.PRESENT:
        with timed("db"):
            await services().store.features.prioritize(track.id)
    return track


async def named_trashed(track_id: str) -> Trashed:
    """The track with this id in the trash.

    Raises:
        ProblemError: TRACK_NOT_FOUND, also for what cannot be an id.
    """
    trashed = None
    if _ID.fullmatch(track_id):
        with timed("db"):
            trashed = await services().store.trash.find(track_id)
    if trashed is None:
        raise ProblemError("TRACK_NOT_FOUND", "No track in the trash has this id")
    return trashed


async def named_root(root_id: str) -> Root:
    """The library root with this id.

    Raises:
        ProblemError: NOT_FOUND, also for what cannot be an id.
    """
    root = None
    if _ID.fullmatch(root_id):
        with timed("db"):
            root = await services().store.roots.find(root_id)
    if root is None:
        raise ProblemError("NOT_FOUND", "No library root has this id")
    return root


async def named_user(user_id: str) -> User:
    """The account with this id; the local user is none.

    Raises:
        ProblemError: NOT_FOUND, also for what cannot be an id.
    """
    user = None
    if _ID.fullmatch(user_id) and user_id != LOCAL_USER_ID:
        with timed("db"):
            user = await services().store.users.find(user_id)
    if user is None:
        raise ProblemError("NOT_FOUND", "No user has this id")
    return user


async def own_user() -> User:
    """The user who makes the present request.

    Raises:
        ProblemError: UNAUTHENTICATED when they were removed this moment.
    """
    with timed("db"):
        user = await services().store.users.find(caller().user_id)
    if user is None:
        raise unauthenticated("This account is gone")
    return user


async def named_key(key_id: str) -> Key:
    """The API key with this id, if it is the caller's or the caller is an administrator.

    Raises:
        ProblemError: NOT_FOUND, also for what cannot be an id.
    """
    key, who = None, caller()
    if _ID.fullmatch(key_id):
        with timed("db"):
            key = await services().store.keys.find(key_id)
    if key is None or not (key.user_id == who.user_id or who.role.includes(Role.ADMIN)):
        raise ProblemError("NOT_FOUND", "You have no key with this id")
    return key


async def named_memory(memory_id: str) -> Memory:
    """The caller's memory with this id.

    Raises:
        ProblemError: NOT_FOUND, also for another's and for what cannot be an id.
    """
    memory = None
    if _ID.fullmatch(memory_id):
        with timed("db"):
            memory = await services().store.memories.find(caller().user_id, memory_id)
    if memory is None:
        raise no_memory()
    return memory


def no_memory() -> ProblemError:
    """The refusal of an id that no memory of the caller has."""
    return ProblemError("NOT_FOUND", "You have no such memory")


def memory_tag(memory: Memory) -> str:
    """The entity tag of a memory."""
    return entity_tag("memory", json_bytes(memory_view(memory)).decode())


def user_tag(user: User) -> str:
    """The entity tag of an account."""
    return entity_tag("user", services().version, user.id, user.version)
