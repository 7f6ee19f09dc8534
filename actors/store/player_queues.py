"""Each person's player and its queue, read and changed."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import asyncpg
import attrs

from actors.errors import ConflictError, RookeryError
from actors.model.event import NewEvent
from actors.model.obstacle import Obstacle, obstacle
from actors.model.player import Deck, Moment, Outcome, Player, PlayerState, TrackFacts
from actors.model.player_commands import Device
from actors.model.player_queue import PlayerQueue, QueueItem
from actors.model.player_view import told
from actors.model.track import Presence, Stage
from actors.store import events
from actors.store.codec import is_storable
from actors.store.plays import count, lasted
from actors.store.pool import Pool

Decide = Callable[[Deck, Mapping[str, TrackFacts]], Outcome | RookeryError]

BEGIN = "INSERT INTO player (person_id, since) SELECT id, $2 FROM person WHERE id = $1 ON CONFLICT DO NOTHING"
HOLD = "SELECT * FROM player WHERE person_id = $1 FOR UPDATE"
FIND = "SELECT * FROM player WHERE person_id = $1"
PLAYING = "SELECT person_id FROM player WHERE state = 'playing' ORDER BY person_id"
FACTS = """
SELECT id, duration_s, presence, stage, audio_hash IS NOT NULL AS is_read
FROM track WHERE id = ANY($1::text[]) AND removed_at IS NULL
"""
PUT = """
UPDATE player SET state = $2, item_id = $3, item_track = $4, length_s = $5, position_s = $6, since = $7, volume = $8,
  version = $9, began_at = $10, heard_s = $11, is_counted = $12,
  queue_version = $13, last_id = $14, item_ids = $15, track_ids = $16,
  device_id = $17, device_name = $18, obstacles = $19
WHERE person_id = $1
"""


@attrs.define(eq=False)
class PlayerQueues:
    """Everyone's player, each with its queue. Every method may raise DatabaseError."""

    _pool: Pool

    async def find(self, person_id: str, *, now: datetime) -> Deck:
        """A person's player as it was last changed; a stopped one, with an empty queue, as long as there was none."""
        row = await self._pool.read(lambda connection: connection.fetchrow(FIND, person_id))
        return Deck(player=Player(since=now)) if row is None else _deck(row)

    async def check(self, person_id: str, *, now: datetime) -> tuple[Deck, bool]:
        """A person's player with what can be played of its queue now, and whether that is what its devices were told last."""

        async def read(connection: asyncpg.Connection) -> tuple[Deck, bool]:
            row = await connection.fetchrow(FIND, person_id)
            if row is None:
                return Deck(player=Player(since=now)), True
            told, moment = _deck(row), Moment(now=now, tracks=await _facts(connection, set(row["track_ids"])))
            checked = attrs.evolve(told, obstacles=moment.obstacles(told.queue.items))
            return checked, checked == told

        return await self._pool.read(read)

    async def change(
        self, person_id: str, decide: Decide, *, now: datetime, also: Collection[str] = ()
    ) -> Deck | RookeryError:
        """Make of a person's player what is decided, in one transaction with its plays and events; the player as it is then.

        Args:
            person_id: whose.
            decide: pure; gets the player, and what is known of the tracks of its queue and of `also`. It runs again when
                the transaction does.
            now: since when a new player is what it is.
            also: ids of further tracks.

        Returns: what `decide` refuses with, if it does; nothing was changed then.
        """

        async def once(connection: asyncpg.Connection) -> Deck | RookeryError:
            await connection.execute(BEGIN, person_id, now)
            row = await connection.fetchrow(HOLD, person_id)
            if row is None:
                return ConflictError("This account is gone")
            before = _deck(row)
            outcome = decide(before, await _facts(connection, {*row["track_ids"], *filter(is_storable, also)}))
            if isinstance(outcome, RookeryError):
                return outcome
            if outcome.deck != before:
                await connection.execute(PUT, person_id, *_columns(outcome.deck))
            for one in outcome.plays:
                await count(connection, person_id, one.track_id, at=one.at, listened_s=one.listened_s)
            for one in outcome.over:
                await lasted(connection, person_id, one.track_id, at=one.at, listened_s=one.listened_s)
            news = told(before, outcome.deck)
            await events.append(
                connection, [NewEvent(type=kind, payload=payload, owner=person_id) for kind, payload in news]
            )
            return outcome.deck

        return await self._pool.write(once)

    async def list_playing(self) -> list[str]:
        """Ids of the people whose player plays."""
        rows = await self._pool.read(lambda connection: connection.fetch(PLAYING))
        return [row["person_id"] for row in rows]


async def _facts(connection: asyncpg.Connection, track_ids: Collection[str]) -> dict[str, TrackFacts]:
    rows = await connection.fetch(FACTS, track_ids) if track_ids else []
    return {
        row["id"]: TrackFacts(
            length_s=row["duration_s"],
            obstacle=obstacle(presence=Presence(row["presence"]), stage=Stage(row["stage"]), is_read=row["is_read"]),
        )
        for row in rows
    }


def _deck(row: asyncpg.Record) -> Deck:
    item = None if row["item_id"] is None else QueueItem(id=row["item_id"], track_id=row["item_track"])
    device = None if row["device_id"] is None else Device(id=row["device_id"], name=row["device_name"])
    player = Player(
        state=PlayerState(row["state"]),
        item=item,
        length_s=row["length_s"],
        position_s=row["position_s"],
        since=row["since"],
        volume=row["volume"],
        device=device,
        version=row["version"],
        began_at=row["began_at"],
        heard_s=row["heard_s"],
        is_counted=row["is_counted"],
    )
    pairs = zip(row["item_ids"], row["track_ids"], strict=True)
    items = tuple(QueueItem(id=item_id, track_id=track_id) for item_id, track_id in pairs)
    return Deck(
        player=player,
        queue=PlayerQueue(version=row["queue_version"], items=items, last_id=row["last_id"]),
        obstacles={track_id: Obstacle(reason) for track_id, reason in row["obstacles"].items()},
    )


def _columns(deck: Deck) -> tuple[object, ...]:
    """The values of `PUT`, after the person's id."""
    player, queue = deck.player, deck.queue
    item = player.item
    return (
        player.state,
        None if item is None else item.id,
        None if item is None else item.track_id,
        player.length_s,
        player.position_s,
        player.since,
        player.volume,
        player.version,
        player.began_at,
        player.heard_s,
        player.is_counted,
        queue.version,
        queue.last_id,
        [item.id for item in queue.items],
        [item.track_id for item in queue.items],
        None if player.device is None else player.device.id,
        None if player.device is None else player.device.name,
        deck.obstacles,
    )
