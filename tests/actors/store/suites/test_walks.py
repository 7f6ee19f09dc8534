"""Whatever people do to tracks, pages by cursor neither repeat nor skip, and a plain model says the same."""

from pathlib import Path

import attrs
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.config import Config
from actors.model.change import AddTrack, Content, Reading
from actors.model.probe import Probe
from actors.model.track import Sound, Stage, Tags
from actors.store.store import Store, open_store

SOUND = Sound(container="mp3", codec="mp3", duration_s=1.0, rate_hz=44_100, channels=2)
TITLES = st.sampled_from(["a", "b", "c", "cc", "d"])
ORDERS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 11), TITLES),
        st.tuples(st.just("edit"), st.integers(0, 11), TITLES),
        st.tuples(st.just("unedit"), st.integers(0, 11), TITLES),
        st.tuples(st.just("remove"), st.integers(0, 11), TITLES),
        st.tuples(st.just("restore"), st.integers(0, 11), TITLES),
    ),
    max_size=25,
)


@attrs.define
class Known:
    """One track, as a person would keep it in their head."""

    file_title: str
    edited: str | None = None
    is_removed: bool = False

    @property
    def title(self) -> str:
        """What is shown."""
        return self.edited or self.file_title


@attrs.define
class Both:
    """The catalogue and its model, side by side."""

    store: Store
    root_id: str
    model: dict[str, Known] = attrs.field(factory=dict)
    touched: set[str] = attrs.field(factory=set)

    async def carry_out(self, order) -> None:
        kind, number, title = order
        track_id = f"t{number:02}"
        known = self.model.get(track_id)
        self.touched.add(track_id)
        if kind == "add" and known is None:
            await self._add(track_id, title)
            self.model[track_id] = Known(title)
        elif known is None:
            return
        elif kind in {"edit", "unedit"} and not known.is_removed:
            known.edited = title if kind == "edit" else None
            await self.store.edits.change(track_id, {"title": known.edited}, version=None, is_whole=False)
        elif kind == "remove" and not known.is_removed:
            await self.store.trash.remove(track_id, version=None, person_id="local")
            known.is_removed = True
        elif kind == "restore" and known.is_removed:
            await self.store.trash.restore(track_id, [])
            known.is_removed = False

    async def _add(self, track_id: str, title: str) -> None:
        path = b"/music/" + track_id.encode()
        reading = Reading(root_id=self.root_id, path=path, size_bytes=1, mtime_ns=1, device=1, inode=1)
        probe = Probe(audio_hash=track_id, sound=SOUND, tags=Tags(title=title))
        await self.store.changes.apply(
            [AddTrack(track_id=track_id, reading=reading, content=Content(stage=Stage.PENDING, probe=probe))]
        )

    def shown(self) -> list[str]:
        return sorted(
            (one for one, known in self.model.items() if not known.is_removed),
            key=lambda one: (self.model[one].title, one),
        )

    async def walk(self, page_size: int, *, descending: bool, between) -> list[str]:
        seen: list[str] = []
        after = None
        while True:
            page = await self.store.tracks.list_(sort="title", descending=descending, after=after, page_size=page_size)
            seen += [track.id for track in page.items]
            after = page.after
            if after is None:
                return seen
            if between:
                await self.carry_out(between.pop(0))


async def compared(url: str, folder: Path, orders, between, page_size: int, *, descending: bool) -> None:
    async with open_store(Config(data_dir=folder, database_connections=2), url=url) as store:
        await store.pool.write(lambda connection: connection.execute("DELETE FROM track; DELETE FROM root"))
        both = Both(store, (await store.roots.add(b"/music")).id)
        for order in orders:
            await both.carry_out(order)
        expected = both.shown()[::-1] if descending else both.shown()
        assert await both.walk(page_size, descending=descending, between=[]) == expected
        assert (await store.tracks.list_(page=1)).total == len(expected)
        assert (await store.trash.list_(page=1, page_size=1)).total == len(both.model) - len(expected)
        titles = {track.id: track.title for track in await store.tracks.find_many(list(both.model))}
        assert titles == {one: both.model[one].title for one in expected}

        both.touched.clear()
        seen = await both.walk(page_size, descending=descending, between=list(between))
        steady = [one for one in expected if one not in both.touched]
        assert [one for one in seen if one not in both.touched] == steady


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(both_orders=st.tuples(ORDERS, ORDERS), page_size=st.integers(1, 5), descending=st.booleans())
def test_pages_neither_repeat_nor_skip(database_url, tmp_path, both_orders, page_size, descending):
    async def run() -> None:
        await compared(database_url, tmp_path, *both_orders, page_size, descending=descending)

    trio.run(run)
