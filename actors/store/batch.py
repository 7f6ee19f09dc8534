"""One transaction of changes on its way: rows written, and what is to be told of them at its end."""

from collections.abc import Sequence

import asyncpg
import attrs
import msgspec

from actors.model.change import (
    AddLocation,
    AddTrack,
    Change,
    Confirm,
    DoubtFolder,
    FailAnalysis,
    Ignore,
    LoseLocations,
    MoveLocation,
    Reading,
    SetContent,
    SetFeatures,
    SetRoot,
)
from actors.model.event import NewEvent
from actors.model.track import shown_path
from actors.model.view import track_view
from actors.store import contents, events, features, tracks
from actors.store.revisions import TOUCH

WEIGHTS = ("TRACK_UPDATED", "ANALYSIS_FAILED", "TRACK_ANALYZED", "TRACK_MISSING", "TRACK_MOVED", "TRACK_ADDED")
"""Of several things that one batch does to a track, the last of these is told."""


@attrs.define(eq=False)
class Batch:
    """One transaction on the way: which tracks were touched, and what is to be told of them. Inside a write function."""

    _connection: asyncpg.Connection
    _told: dict[str, tuple[str, dict[str, str]]] = attrs.field(factory=dict)
    """By track: the type of event and what its payload holds beside the track."""
    _others: list[NewEvent] = attrs.field(factory=list)
    _has_touched: bool = False
    """Whether something visible may be new that is not worth an event, such as the size of a file that grows."""

    async def carry_out(self, change: Change) -> None:
        """Write one change."""
        match change:
            case AddTrack():
                await self._add_track(change)
            case SetContent():
                await self._set_content(change)
            case AddLocation():
                await self.put_location(change.track_id, change.reading)
                await self._set_content(change, is_told=True)
            case MoveLocation():
                await self._move_location(change)
            case LoseLocations(paths=paths):
                await self._lose(paths)
            case DoubtFolder(root_id=root_id, folder=folder):
                await self._tell_all(await self._connection.fetch(DOUBT, root_id, folder + b"/"))
            case Confirm(readings=readings):
                await self._tell_all(await self._connection.fetch(CONFIRM, [reading.path for reading in readings]))
            case Ignore(reading=reading):
                await self.put_location(None, reading)
            case SetFeatures():
                await self._set_features(change)
            case FailAnalysis():
                await self._fail(change)
            case SetRoot():
                await self._set_root(change)

    def touch(self, track_id: str, kind: str = "TRACK_UPDATED") -> None:
        """Something of a track was written: it gets a new version, and an event of this type unless it lies in the trash."""
        self._note(track_id, kind)

    def tell(self, event: NewEvent) -> None:
        """One more event."""
        self._others.append(event)

    async def finish(self) -> int:
        """Bring what tracks say of their locations up to date, drop those with nothing left, and log the events.

        Of what lies in the trash nothing is told.
        """
        touched = list(self._told)
        removed = await self._connection.fetch(DROP_PLACEHOLDERS, touched)
        for row in removed:
            _, extra = self._told.pop(row["id"])
            if row["was_in_trash"]:
                continue
            self._others.append(
                NewEvent(
                    type="TRACK_REMOVED", payload={"trackId": row["id"], "path": extra.get("path", row["file_name"])}
                )
            )
        await self._connection.execute(REFRESH, list(self._told))
        new = [self._event(track_id, view) for track_id, view in await self._views(list(self._told))]
        new.extend(self._others)
        if new:
            await events.append(self._connection, new)
        elif self._has_touched:
            await self._connection.execute(TOUCH)
        return len(new)

    async def _views(self, ids: list[str]) -> list[tuple[str, dict[str, object]]]:
        return [
            (track.id, msgspec.to_builtins(track_view(track))) for track in await tracks.load(self._connection, ids)
        ]

    def _event(self, track_id: str, view: dict[str, object]) -> NewEvent:
        kind, extra = self._told[track_id]
        if kind == "TRACK_MISSING" and view["presence"] == "present":
            kind = "TRACK_UPDATED"
        match kind:
            case "TRACK_MISSING":
                payload: dict[str, object] = {"trackId": track_id, "path": extra["path"]}
            case "TRACK_MOVED":
                payload = {"trackId": track_id, "from": extra["from"], "to": extra["to"], "track": view}
            case "ANALYSIS_FAILED":
                payload = {
                    "trackId": track_id,
                    "path": view["path"],
                    "kind": extra["kind"],
                    "message": extra["message"],
                }
            case _:
                payload = {"track": view}
        return NewEvent(type=kind, payload=payload)

    def _note(self, track_id: str, kind: str, /, **extra: str) -> None:
        before = self._told.get(track_id)
        if before is None or WEIGHTS.index(kind) >= WEIGHTS.index(before[0]):
            self._told[track_id] = (kind, extra)

    async def _tell_all(self, rows: Sequence[asyncpg.Record]) -> None:
        for row in rows:
            self._note(row["track_id"], "TRACK_UPDATED")

    async def put_location(self, track_id: str | None, reading: Reading, *, before: bytes | None = None) -> None:
        """Write where a file lies. Another track that had the path loses it."""
        former = await self._connection.fetchrow(AT_PATH, reading.path)
        if former is not None and former["track_id"] not in {None, track_id}:
            await self._connection.execute(DELETE_LOCATION, reading.path)
            await contents.stop_growing(self._connection, [former["track_id"]])
            self._note(former["track_id"], "TRACK_MISSING", path=shown_path(reading.path))
        if before is not None and before != reading.path:
            await self._connection.execute(DELETE_LOCATION, before)
        await self._connection.execute(
            PUT_LOCATION,
            track_id,
            reading.root_id,
            reading.path,
            shown_path(reading.path),
            reading.size_bytes,
            reading.mtime_ns,
            reading.device,
            reading.inode,
        )

    async def _add_track(self, change: AddTrack) -> None:
        await contents.add(self._connection, change.track_id, change.content)
        await self.put_location(change.track_id, change.reading)
        self._note(change.track_id, "TRACK_ADDED")

    async def _set_content(self, change: SetContent | AddLocation, *, is_told: bool = False) -> None:
        self._has_touched = True
        presence = await self._connection.fetchval(PRESENCE, change.track_id)
        await self.put_location(change.track_id, change.reading)
        has_changed = await contents.write(self._connection, change.track_id, change.content)
        if has_changed or is_told or presence != "present":
            self._note(change.track_id, "TRACK_UPDATED")

    async def _move_location(self, change: MoveLocation) -> None:
        here = await self._connection.fetchrow(AT_PATH, change.before)
        if here is None or here["track_id"] != change.track_id:
            return
        await self.put_location(change.track_id, change.reading, before=change.before)
        if change.content is not None:
            await contents.write(self._connection, change.track_id, change.content)
        paths = {"from": shown_path(change.before), "to": shown_path(change.reading.path)}
        self._note(change.track_id, "TRACK_MOVED", **paths)

    async def _lose(self, paths: tuple[bytes, ...]) -> None:
        await self._connection.execute(FORGET_IGNORED, list(paths))
        lost = await self._connection.fetch(LOSE, list(paths))
        await contents.stop_growing(self._connection, [row["track_id"] for row in lost])
        for row in lost:
            self._note(row["track_id"], "TRACK_MISSING", path=row["shown"])

    async def _set_features(self, change: SetFeatures) -> None:
        if await features.put(self._connection, change.track_id, change.audio_hash, change.features):
            self._note(change.track_id, "TRACK_ANALYZED")

    async def _fail(self, change: FailAnalysis) -> None:
        failure = change.failure
        status = await self._connection.execute(
            FAIL, change.track_id, change.audio_hash, attrs.asdict(failure), change.quarantine_after
        )
        if status != "UPDATE 0":
            self._note(change.track_id, "ANALYSIS_FAILED", kind=failure.kind, message=failure.message)

    async def _set_root(self, change: SetRoot) -> None:
        row = await self._connection.fetchrow(SET_ROOT, change.root_id, change.state, change.reason, change.device)
        if row is not None and (row["has_changed"] or change.state in {"scanning", "watched"}):
            payload = {
                "root": change.root_id,
                "path": shown_path(row["path"]),
                "state": change.state.value,
                "reason": change.reason,
                "found": change.found,
                "done": change.done,
            }
            self._others.append(NewEvent(type="SCAN_UPDATE", payload=payload))


AT_PATH = "SELECT track_id FROM location WHERE sha256(path) = sha256($1) FOR UPDATE"
DELETE_LOCATION = "DELETE FROM location WHERE sha256(path) = sha256($1)"
PUT_LOCATION = """
    INSERT INTO location (track_id, root_id, path, shown, size_bytes, mtime_ns, device, inode)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (sha256(path)) DO UPDATE SET
      track_id = excluded.track_id, root_id = excluded.root_id, size_bytes = excluded.size_bytes,
      mtime_ns = excluded.mtime_ns, device = excluded.device, inode = excluded.inode, presence = 'present'"""
PRESENCE = "SELECT presence FROM track WHERE id = $1 FOR UPDATE"
LOSE = """
    UPDATE location SET presence = 'missing'
    WHERE sha256(path) IN (SELECT sha256(one) FROM unnest($1::bytea[]) AS one)
      AND track_id IS NOT NULL AND presence <> 'missing'
    RETURNING track_id, shown"""
FORGET_IGNORED = """
    DELETE FROM location
    WHERE sha256(path) IN (SELECT sha256(one) FROM unnest($1::bytea[]) AS one) AND track_id IS NULL"""
DOUBT = """
    UPDATE location SET presence = 'unverified'
    WHERE root_id = $1 AND presence = 'present' AND track_id IS NOT NULL
      AND substring(path FROM 1 FOR octet_length($2::bytea)) = $2
    RETURNING track_id"""
CONFIRM = """
    UPDATE location SET presence = 'present'
    WHERE sha256(path) IN (SELECT sha256(one) FROM unnest($1::bytea[]) AS one)
      AND track_id IS NOT NULL AND presence <> 'present'
    RETURNING track_id"""
FAIL = """
    UPDATE track SET failure = $3, failures = failures + 1, claimed_at = NULL,
      stage = CASE WHEN failures + 1 >= $4 THEN 'quarantined' ELSE 'failed' END
    WHERE id = $1 AND audio_hash = $2"""
DROP_PLACEHOLDERS = """
    DELETE FROM track
    WHERE id = ANY($1) AND audio_hash IS NULL
      AND NOT EXISTS (SELECT FROM location WHERE track_id = track.id
                      AND (presence <> 'missing' OR stage NOT IN ('growing', 'empty')))
    RETURNING id, file_name, removed_at IS NOT NULL AS was_in_trash"""
REFRESH = """
    UPDATE track SET
      presence = seen.presence,
      missing_since = CASE WHEN seen.presence = 'missing' THEN coalesce(missing_since, now()) END,
      file_name = coalesce(seen.file_name, track.file_name), size_bytes = coalesce(seen.size_bytes, track.size_bytes),
      changed_at = now(), version = version + 1
    FROM (
      SELECT wanted.id, coalesce(best.presence, 'missing') AS presence, best.size_bytes,
             regexp_replace(best.shown, '^.*/', '') AS file_name
      FROM unnest($1::text[]) AS wanted(id)
      LEFT JOIN LATERAL (
        SELECT presence, shown, size_bytes FROM location WHERE track_id = wanted.id
        ORDER BY array_position(ARRAY['present', 'unverified', 'missing'], presence), path LIMIT 1) AS best ON true
    ) AS seen
    WHERE track.id = seen.id"""
SET_ROOT = """
    UPDATE root SET state = $2, reason = $3, device = coalesce($4, root.device),
      scanned_at = CASE WHEN $2 = 'watched' THEN now() ELSE root.scanned_at END
    FROM (SELECT id, state, reason FROM root WHERE id = $1 FOR UPDATE) AS before
    WHERE root.id = before.id
    RETURNING root.path, before.state IS DISTINCT FROM $2 OR before.reason IS DISTINCT FROM $3 AS has_changed"""
