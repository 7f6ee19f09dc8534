"""Who may come in: what callers show, looked up, and remembered for as long as nobody's access has changed."""

import enum
from contextlib import suppress
from datetime import UTC, datetime

import attrs
import trio

from actors.config import MINUTES, SECONDS, Config
from actors.errors import DatabaseAwayError, DatabaseError
from actors.model.key import KEY_PREFIX, TOKEN_PREFIX, digest, is_one_of
from actors.model.user import LOCAL_CALLER, Caller
from actors.passwords import Passwords
from actors.store.store import Store
from actors.store.users import Standing
from web.attempts import Attempts
from web.traffic import is_loopback

FRESH_S = 1 * SECONDS
"""So old what is known of everybody's access may be; what is changed on this node counts at once."""
ASK_LIMIT_S = 2 * SECONDS
"""The database must answer by then, or counts as away."""
LOOK_AGAIN_S = 2 * SECONDS
"""What is changed elsewhere, by other nodes and by commands, reaches live sockets within so long."""
MOST_REMEMBERED = 1_000
"""Callers; further ones cost a look into the database each time."""
NOTE_USE_EVERY_S = 1 * MINUTES

ADMIN_KEY_CALLER = attrs.evolve(LOCAL_CALLER, name="admin key")


class Kind(enum.Enum):
    """What a secret is, by its look."""

    TOKEN = enum.auto()
    KEY = enum.auto()
    OTHER = enum.auto()
    """One of the configuration, or none."""


@attrs.frozen
class Shown:
    """What a caller showed, without the secret itself."""

    kind: Kind
    digest: bytes = attrs.field(repr=False)

    @classmethod
    def of(cls, secret: str) -> "Shown":
        """What a secret shows."""
        kind = Kind.OTHER
        if secret.startswith(TOKEN_PREFIX):
            kind = Kind.TOKEN
        elif secret.startswith(KEY_PREFIX):
            kind = Kind.KEY
        return cls(kind, digest(secret))


@attrs.define(eq=False)
class _Remembered:
    caller: Caller
    revision: int
    noted_s: float
    """When its use was last noted, on Trio's clock."""


class Access:
    """Looks up who callers are. One reading of the revision of everybody's access serves all calls for `FRESH_S`, and as
    long as it stays the same, callers that are remembered cost nothing.
    """

    def __init__(self, store: Store, config: Config) -> None:
        self.passwords = Passwords()
        self.attempts = Attempts()
        self._store = store
        self._is_off = config.no_auth
        self._admin_digests = tuple(map(digest, config.admin_key.split(","))) if config.admin_key else ()
        self._standing: Standing | None = None
        self._fresh_until_s = 0.0
        self.changes = 0
        """How often somebody's access has changed, as far as is known here."""
        self._asking: trio.Event | None = None
        self._changed = trio.Event()
        self._remembered: dict[bytes, _Remembered] = {}

    async def is_open_to(self, client: str | None) -> bool:
        """Whether whoever asks from an address needs to show nothing, and is the local administrator.

        Raises:
            DatabaseError: accounts cannot be asked for.
        """
        if self._is_off:
            return True
        if self._admin_digests or not is_loopback(client):
            return False
        return not (await self._now()).has_accounts

    async def caller_of(self, shown: Shown) -> Caller | None:
        """Who shows this; None for what is unknown, expired or revoked.

        Raises:
            DatabaseError: it cannot be looked up.
        """
        if is_one_of(shown.digest, self._admin_digests):
            return ADMIN_KEY_CALLER
        if shown.kind is Kind.OTHER:
            return None
        revision = (await self._now()).revision
        known = self._remembered.pop(shown.digest, None)
        if known is None or known.revision != revision:
            caller = await self._find(shown)
            if caller is None:
                return None
            known = _Remembered(caller, revision, known.noted_s if known else float("-inf"))
        if known.caller.is_expired(datetime.now(UTC)):
            return None
        self._remember(shown, known)
        await self._note_use(known)
        return known.caller

    def change(self) -> None:
        """Somebody's access was changed through this node: nothing that was known before counts, and live sockets look
        whether they may stay.
        """
        self._fresh_until_s = 0.0
        self._wake()

    async def until_changed(self, seen: int) -> None:
        """Wait until somebody's access has changed since `changes` was so many."""
        while self.changes == seen:
            await self._changed.wait()

    async def keep_watch(self) -> None:
        """Task, of the server's: notice what is changed elsewhere. Never returns."""
        while True:
            await self.look()
            await trio.sleep(LOOK_AGAIN_S)

    async def look(self) -> None:
        """Notice what has been changed elsewhere, if the database tells."""
        with suppress(DatabaseError):
            await self._now()

    def _wake(self) -> None:
        self.changes += 1
        self._changed.set()
        self._changed = trio.Event()

    async def _now(self) -> Standing:
        while self._standing is None or trio.current_time() >= self._fresh_until_s:
            if self._asking is None:
                return await self._renewed()
            # By an event, since a lock would be handed to all who wait, one by one.
            await self._asking.wait()
        return self._standing

    async def _renewed(self) -> Standing:
        changes, before = self.changes, self._standing
        asking = self._asking = trio.Event()
        try:
            self._standing = await self._ask()
        finally:
            self._asking = None
            asking.set()
        if changes == self.changes:
            self._fresh_until_s = trio.current_time() + FRESH_S
        if before is not None and before.revision != self._standing.revision:
            self._wake()
        return self._standing

    async def _ask(self) -> Standing:
        """The present standing; while the database is away the last one, so that the tree can still be seen and mended."""
        try:
            with trio.fail_after(ASK_LIMIT_S):
                return await self._store.users.standing()
        except (DatabaseError, trio.TooSlowError) as error:
            if self._standing is None:
                raise DatabaseAwayError("Who may come in is not known, because the database does not answer") from error
            return self._standing

    async def _find(self, shown: Shown) -> Caller | None:
        if shown.kind is Kind.TOKEN:
            return await self._store.tokens.find(shown.digest)
        return await self._store.keys.find_caller(shown.digest)

    def _remember(self, shown: Shown, known: _Remembered) -> None:
        self._remembered[shown.digest] = known
        if len(self._remembered) > MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]

    async def _note_use(self, known: _Remembered) -> None:
        now_s = trio.current_time()
        if known.caller.key_id is not None and now_s - known.noted_s >= NOTE_USE_EVERY_S:
            known.noted_s = now_s
            with trio.move_on_after(ASK_LIMIT_S), suppress(DatabaseError):
                await self._store.keys.note_use(known.caller.key_id)
