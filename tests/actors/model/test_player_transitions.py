"""The table of the player, against a model that lives second by second."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actors.errors import ConflictError, InvalidError, ItemGoneError, RookeryError, TrackGoneError, VersionError
from actors.model.obstacle import Obstacle
from actors.model.player import COUNTS_AFTER_S, Deck, Listened, Moment, Outcome, Player, PlayerState, TrackFacts
from actors.model.player_commands import (
    COMMANDS,
    AddTrack,
    ClearQueue,
    Device,
    NextTrack,
    Pause,
    Play,
    PreviousTrack,
    RemoveTrack,
    ReorderQueue,
    Seek,
    SetVolume,
)
from actors.model.player_transitions import TRANSITIONS, carried_out
from actors.model.player_view import told

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
TRACKS = {
    "a": TrackFacts(length_s=100.0),
    "b": TrackFacts(length_s=200.0),
    "c": TrackFacts(length_s=600.0),
    "unmeasured": TrackFacts(length_s=None),
    "away": TrackFacts(length_s=50.0, obstacle=Obstacle.MISSING),
}
PHONE, RADIO = Device(id="phone", name="Phone"), Device(id="radio", name="Kitchen")


class Told:
    """A deck that is told commands, at moments counted in seconds."""

    def __init__(self, *track_ids: str) -> None:
        self.deck = Deck(player=Player(since=NOW))
        self.plays: list[Listened] = []
        self.over: list[Listened] = []
        self.refused: RookeryError | None = None
        self.shown: dict[str, tuple[str, Obstacle | None]] = {}
        self.heard: list[str] = []
        for track_id in track_ids:
            self.tell(AddTrack(track_id=track_id))

    def tell(self, command, *, at: float = 0.0, tracks=TRACKS, set_by: float = 0.0, teller=None, **how) -> Player:
        moment = Moment(now=NOW + timedelta(seconds=at), tracks=tracks, set_by=timedelta(seconds=set_by), teller=teller)
        outcome = carried_out(self.deck, command, moment, **how)
        self.refused = outcome if isinstance(outcome, RookeryError) else None
        if isinstance(outcome, Outcome):
            self.hear(told(self.deck, outcome.deck))
            self.deck = outcome.deck
            self.plays += outcome.plays
            self.over += outcome.over
        return self.deck.player

    def hear(self, events: list[tuple[str, dict[str, Any]]]) -> None:
        """As a device that goes by nothing but messages."""
        for kind, payload in events:
            self.heard.append(kind)
            if kind == "QUEUE_UPDATE":
                self.shown = {item["id"]: (item["trackId"], item["reason"]) for item in payload["items"]}
            elif kind == "VALIDATION_UPDATE":
                for item in payload["items"]:
                    assert self.shown[item["itemId"]] != (item["trackId"], item["reason"])
                    assert item["isPlayable"] == (item["reason"] is None)
                    self.shown[item["itemId"]] = item["trackId"], item["reason"]

    def item(self, place: int) -> str:
        return self.deck.queue.items[place].id

    @property
    def track(self) -> str | None:
        return self.deck.player.item and self.deck.player.item.track_id


def test_every_command_has_its_transition():
    assert set(TRANSITIONS) == set(COMMANDS.values())


def test_the_end_of_a_track_goes_on_to_the_next_at_the_very_moment():
    told = Told("a", "b")
    told.tell(Play())
    player = told.tell(None, at=130)

    assert told.track == "b"
    assert (player.since, player.position_at(NOW + timedelta(seconds=130))) == (NOW + timedelta(seconds=100), 30.0)


def test_the_end_of_the_last_track_stops_and_the_next_play_begins_anew():
    told = Told("a", "b")
    told.tell(Play())

    assert told.tell(None, at=300).state is PlayerState.STOPPED
    assert (told.track, told.tell(Play(), at=400).state) == (None, PlayerState.PLAYING)
    assert told.track == "a"


def test_what_is_away_or_unknown_is_passed_over():
    told = Told("a", "away", "b")
    told.tell(Play())
    told.tell(NextTrack())
    assert told.track == "b"
    told.tell(PreviousTrack())
    assert told.track == "a"
    told.tell(None, at=100, tracks={"b": TRACKS["b"]})
    assert told.track == "b"


def test_what_can_be_played_no_more_or_again_is_told_once_and_changes_no_version():
    told = Told("a", "b", "a")
    before = told.deck
    gone = TRACKS | {"a": TrackFacts(length_s=100.0, obstacle=Obstacle.MISSING)}
    for tracks in (gone, gone, {"b": TRACKS["b"]}, TRACKS, TRACKS):
        told.tell(None, tracks=tracks)

    assert told.heard == ["QUEUE_UPDATE"] * 3 + ["VALIDATION_UPDATE"] * 3
    assert told.deck == before


def test_what_is_played_next_is_what_devices_are_told_can_be():
    told = Told("a", "b", "c")
    told.tell(None, tracks={"b": TRACKS["b"]})
    assert told.deck.obstacles == {"a": Obstacle.REMOVED, "c": Obstacle.REMOVED}
    told.tell(Play(), tracks={"b": TRACKS["b"]})

    assert told.track == "b"


def test_a_pause_keeps_the_place_however_long_it_lasts():
    told = Told("a")
    told.tell(Play())
    told.tell(Pause(), at=30)
    told.tell(None, at=5_000)
    player = told.tell(Play(), at=10_000)

    assert player.position_at(NOW + timedelta(seconds=10_001)) == 31.0


def test_the_next_track_of_a_paused_player_is_paused():
    told = Told("a", "b")
    told.tell(Play())
    told.tell(Pause(), at=1)

    assert told.tell(NextTrack(), at=2).state is PlayerState.PAUSED
    assert (told.track, told.deck.player.position_s) == ("b", 0.0)


def test_back_is_to_the_beginning_and_only_from_there_to_the_track_before():
    told = Told("a", "b")
    told.tell(Play(item_id=told.item(1)))
    told.tell(PreviousTrack(), at=10)
    assert (told.track, told.deck.player.position_s) == ("b", 0.0)
    told.tell(PreviousTrack(), at=12)
    assert told.track == "a"
    told.tell(PreviousTrack(), at=13)
    assert (told.track, told.deck.player.position_s) == ("a", 0.0)


def test_what_is_removed_while_it_plays_gives_way_to_the_next():
    told = Told("a", "b")
    told.tell(Play())
    told.tell(RemoveTrack(item_id=told.item(0)), at=10)
    assert (told.track, told.deck.player.state) == ("b", PlayerState.PLAYING)
    told.tell(RemoveTrack(item_id=told.item(0)), at=20)
    assert (told.track, told.deck.player.state) == (None, PlayerState.STOPPED)


def test_a_cleared_queue_stops_the_player():
    told = Told("a")
    told.tell(Play())

    assert told.tell(ClearQueue(), at=1).state is PlayerState.STOPPED
    assert told.deck.queue.items == ()


@pytest.mark.parametrize(
    "command, error",
    [
        (Seek(position=100.5), InvalidError),
        (Play(item_id="9"), ItemGoneError),
        (Play(item_id="2"), ConflictError),
        (RemoveTrack(item_id="9"), ItemGoneError),
        (AddTrack(track_id="unknown"), TrackGoneError),
        (AddTrack(track_id="a", version=1), VersionError),
        (ClearQueue(version=1), VersionError),
        (ReorderQueue(item_id="1", position=1, version=1), VersionError),
        (ReorderQueue(item_id="1", position=2, version=2), InvalidError),
    ],
    ids=repr,
)
def test_what_cannot_be_is_refused_and_changes_nothing(command, error):
    told = Told("a", "away")
    told.tell(Play())
    before = told.deck
    told.tell(command, at=10)

    assert isinstance(told.refused, error)
    assert told.deck == before


@pytest.mark.parametrize("command", [NextTrack(), PreviousTrack(), Seek(position=1), Play()], ids=repr)
def test_a_stopped_player_without_tracks_says_so(command):
    told = Told()
    told.tell(command)

    assert isinstance(told.refused, ConflictError)


def test_the_same_again_is_no_new_version():
    told = Told("a")
    first = told.tell(Play())

    assert told.tell(Play(), at=10) == first
    told.tell(Pause(), at=20)
    assert told.tell(Pause(), at=30).version == 2


def test_a_listening_counts_once_and_as_of_when_it_began():
    told = Told("a")
    told.tell(Play(), at=5)
    told.tell(None, at=54)
    assert told.plays == []
    told.tell(None, at=56)
    told.tell(None, at=90)

    (play,) = told.plays
    assert (play.track_id, play.at, play.listened_s) == ("a", NOW + timedelta(seconds=5), 51.0)


def test_a_seek_adds_nothing_to_what_was_heard_and_a_pause_neither():
    told = Told("a")
    told.tell(Play())
    told.tell(Seek(position=90), at=1)
    told.tell(Pause(), at=5)
    told.tell(Play(), at=1_000)
    told.tell(Seek(position=0), at=1_002)
    told.tell(None, at=1_044)
    assert told.plays == []
    told.tell(None, at=1_045)
    assert len(told.plays) == 1


@pytest.mark.parametrize(
    "command, ends_at", [(None, 100), (NextTrack(), 80), (ClearQueue(), 80), (PreviousTrack(), 80)]
)
def test_a_play_lasts_until_something_else_begins(command, ends_at):
    told = Told("a", "b")
    told.tell(Play())
    told.tell(None, at=60)
    told.tell(Pause(), at=70)
    told.tell(Play(), at=75)
    assert told.over == []
    told.tell(command, at=80 if command else 200)

    (play,) = told.over
    assert (play.track_id, play.at, play.listened_s) == ("a", NOW, ends_at - 5 if command else ends_at)


def test_what_did_not_count_is_not_over():
    told = Told("a", "b")
    told.tell(Play())
    told.tell(NextTrack(), at=40)

    assert (told.plays, told.over) == ([], [])


def test_nobody_listened_to_tracks_that_ended_while_nobody_kept_the_time():
    told = Told("a", "b", "c")
    told.tell(Play())
    told.tell(None, at=100 + 200 + 10, was_away=True)

    assert (told.track, told.plays) == ("c", [])


def test_whoever_is_late_counts_every_track_that_was_played():
    told = Told("a", "b", "c")
    told.tell(Play())
    told.tell(None, at=310)

    assert [play.track_id for play in told.plays] == ["a", "b"]


@pytest.mark.parametrize("set_by", [-5_000, 30, 5_000])
def test_a_clock_that_is_set_moves_neither_the_place_nor_what_was_heard(set_by):
    told = Told("a", "b")
    told.tell(Play(), at=10)
    player = told.tell(None, at=40 + set_by, set_by=set_by)

    now = NOW + timedelta(seconds=40 + set_by)
    assert (told.track, player.position_at(now), player.heard_at(now), told.plays) == ("a", 30, 30, [])
    assert player.version == 2


def test_a_play_that_counted_stays_the_same_after_the_clock_was_set():
    told = Told("a", "b")
    told.tell(Play())
    told.tell(None, at=60)
    told.tell(None, at=5_000 + 70, set_by=5_000)
    told.tell(NextTrack(), at=5_000 + 80)

    assert [play.at for play in told.plays] == [play.at for play in told.over] == [NOW]
    assert told.over[0].listened_s == 80


def test_a_clock_that_is_set_is_nothing_to_a_player_that_does_not_play():
    told = Told("a")
    told.tell(Play())
    paused = told.tell(Pause(), at=10)

    assert told.tell(None, at=500, set_by=490) == paused


def test_what_would_begin_in_the_future_begins_when_somebody_looks():
    told = Told("a", "b")
    told.tell(Play(), at=5_000)

    assert told.tell(None, at=1_000, was_away=True).position_at(NOW + timedelta(seconds=1_030)) == 30


def test_a_length_that_is_found_out_is_taken():
    told = Told("unmeasured", "b")
    told.tell(Play())
    player = told.tell(None, at=50, tracks=TRACKS | {"unmeasured": TRACKS["a"]})
    assert (player.length_s, player.position_s, player.version) == (100.0, 50.0, 2)

    told.tell(None, at=130)
    assert (told.track, told.deck.player.since) == ("b", NOW + timedelta(seconds=100))


def test_what_is_found_to_be_over_long_ago_ends_now():
    told = Told("unmeasured", "b", "c")
    told.tell(Play())
    told.tell(None, at=5_000, tracks=TRACKS | {"unmeasured": TRACKS["a"]})

    assert (told.track, told.deck.player.since) == ("b", NOW + timedelta(seconds=5_000))
    assert [play.track_id for play in told.plays] == ["unmeasured"]


def test_who_goes_on_where_the_file_is_gone_goes_on_with_the_next():
    told = Told("a", "b")
    told.tell(Play())
    told.tell(Pause(), at=10)
    told.tell(Play(), at=20, tracks={"b": TRACKS["b"]})
    assert (told.track, told.deck.player.state, told.deck.player.position_s) == ("b", PlayerState.PLAYING, 0.0)

    told.tell(Pause(), at=30)
    told.tell(Play(), at=40, tracks={"a": TRACKS["a"]})
    assert isinstance(told.refused, ConflictError)


def test_a_player_sounds_on_the_device_that_began_and_on_another_only_when_that_is_wanted():
    told = Told("a")
    assert told.tell(Play()).device is None
    told.tell(Pause(), teller=PHONE)
    assert told.tell(Play(), teller=PHONE).device == PHONE
    told.tell(Pause(), teller=RADIO)
    assert told.tell(Play(), teller=RADIO).device == PHONE
    moved = told.tell(Play(device=RADIO), teller=PHONE)
    assert (moved.device, moved.version) == (RADIO, 6)
    assert told.tell(Play(device=Device(id="phone")), teller=PHONE).device == PHONE


def test_what_was_stopped_sounds_on_the_device_that_begins_again_or_where_it_did():
    told = Told("a")
    told.tell(Play(), teller=RADIO)
    told.tell(None, at=200)
    assert (told.tell(Play(), at=300).device, told.tell(None, at=500).state) == (RADIO, PlayerState.STOPPED)
    assert told.tell(Play(), at=600, teller=PHONE).device == PHONE


def test_a_play_that_is_refused_moves_nothing_to_another_device():
    told = Told("a")
    told.tell(Play(), teller=RADIO)
    told.tell(Play(item_id="9", device=PHONE))

    assert (type(told.refused), told.deck.player.device) == (ItemGoneError, RADIO)


class SecondBySecond(RuleBasedStateMachine):
    """The model keeps a list, a place in it and a position, and lets every second pass by itself."""

    @initialize()
    def begin(self) -> None:
        self.told = Told()
        self.now = 0
        self.items: list[tuple[str, str]] = []
        self.at: str | None = None
        self.is_playing = False
        self.position = self.heard = 0
        self.is_counted = False
        self.plays: list[str] = []
        self.over: list[tuple[str, int]] = []
        self.volume = 1.0
        self.edits = 0
        self.tracks = dict(TRACKS)
        self.set_by = 0

    def length(self) -> float:
        length_s = self.tracks[dict(self.items)[self.at]].length_s
        return float("inf") if length_s is None else length_s

    def begin_item(self, item: str | None) -> None:
        if self.is_counted:
            self.over.append((dict(self.items)[self.at], self.heard))
        self.at, self.position, self.heard, self.is_counted = item, 0, 0, False
        self.is_playing = self.is_playing and item is not None

    def playable(self, places) -> str | None:
        return next((self.items[p][0] for p in places if self.tracks[self.items[p][1]].obstacle is None), None)

    def place(self, item: str) -> int:
        return [one for one, _ in self.items].index(item)

    def tell(self, command) -> None:
        self.told.tell(command, at=self.now, tracks=self.tracks, set_by=self.set_by)
        self.set_by = 0

    @rule(by=st.integers(-1_000, 1_000))
    def set_clock(self, by: int) -> None:
        self.now += by
        self.set_by = by
        self.tell(None)

    @rule(track=st.sampled_from(["a", "b", "c"]), obstacle=st.none() | st.sampled_from(Obstacle), is_told=st.booleans())
    def come_or_go(self, *, track: str, obstacle: Obstacle | None, is_told: bool) -> None:
        self.tracks[track] = attrs.evolve(self.tracks[track], obstacle=obstacle)
        if is_told:
            self.tell(None)
            assert self.told.deck.obstacles == self.obstacles()

    def obstacles(self) -> dict[str, Obstacle]:
        """What keeps tracks of the queue from being played."""
        return {track: self.tracks[track].obstacle for _, track in self.items if self.tracks[track].obstacle}

    @precondition(lambda self: self.at is not None and self.length() == float("inf"))
    @rule()
    def measure(self) -> None:
        self.tracks["unmeasured"] = TrackFacts(length_s=300.0)
        self.tell(None)
        self.position = min(self.position, self.length())
        self.go_on_at_the_end()

    @rule(seconds=st.integers(1, 400))
    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            if not self.is_playing:
                continue
            self.position += 1
            self.heard += 1
            if not self.is_counted and self.heard >= min(COUNTS_AFTER_S, self.length() / 2):
                self.is_counted = True
                self.plays.append(dict(self.items)[self.at])
            self.go_on_at_the_end()
        self.tell(None)

    def go_on_at_the_end(self) -> None:
        if self.is_playing and self.position >= self.length():
            self.begin_item(self.playable(range(self.place(self.at) + 1, len(self.items))))

    @rule(track=st.sampled_from(sorted(TRACKS)), position=st.none() | st.integers(0, 6))
    def add(self, track: str, position: int | None) -> None:
        self.tell(AddTrack(track_id=track, position=position))
        new = ({item.id for item in self.told.deck.queue.items} - {item for item, _ in self.items}).pop()
        self.items.insert(len(self.items) if position is None else position, (new, track))
        self.edits += 1

    @rule(choice=st.integers(0, 20))
    def remove(self, choice: int) -> None:
        if not self.items:
            return
        place = choice % len(self.items)
        item = self.items[place][0]
        following = self.playable(range(place + 1, len(self.items)))
        self.tell(RemoveTrack(item_id=item))
        if item == self.at:
            self.begin_item(following)
        del self.items[place]
        self.edits += 1

    @rule(choice=st.integers(0, 20), goal=st.integers(0, 20), is_stale=st.booleans())
    def reorder(self, *, choice: int, goal: int, is_stale: bool) -> None:
        if not self.items:
            return
        place, goal = choice % len(self.items), goal % len(self.items)
        version = self.told.deck.queue.version
        self.tell(ReorderQueue(item_id=self.items[place][0], position=goal, version=version + is_stale))
        if is_stale:
            assert isinstance(self.told.refused, VersionError)
            return
        self.items.insert(goal, self.items.pop(place))
        self.edits += place != goal

    @rule()
    def clear(self) -> None:
        self.tell(ClearQueue())
        self.edits += bool(self.items)
        if self.at is not None:
            self.begin_item(None)
        self.items = []

    @rule()
    def play(self) -> None:
        self.tell(Play())
        if self.is_playing:
            return
        first = self.playable(range(0 if self.at is None else self.place(self.at), len(self.items)))
        assert (first is None) == isinstance(self.told.refused, ConflictError)
        if first is None:
            return
        self.is_playing = True
        if first != self.at:
            self.begin_item(first)
        self.go_on_at_the_end()

    @rule()
    def pause(self) -> None:
        self.tell(Pause())
        self.is_playing = False

    @rule(position=st.integers(0, 700))
    def seek(self, position: int) -> None:
        self.tell(Seek(position=position))
        if self.at is None or position > self.length():
            assert self.told.refused is not None
        else:
            self.position = position
            self.go_on_at_the_end()

    @rule(step=st.sampled_from([1, -1]))
    def step(self, step: int) -> None:
        self.tell(NextTrack() if step > 0 else PreviousTrack())
        if self.at is None:
            assert self.told.refused is not None
            return
        place = self.place(self.at)
        if step > 0:
            self.begin_item(self.playable(range(place + 1, len(self.items))))
        else:
            before = self.playable(range(place - 1, -1, -1))
            self.begin_item(self.at if before is None or self.position > 3 else before)

    @rule(volume=st.floats(0, 1))
    def set_volume(self, volume: float) -> None:
        self.tell(SetVolume(volume=volume))
        self.volume = volume

    @invariant()
    def both_are_the_same(self) -> None:
        deck = self.told.deck
        player = deck.player
        assert [(item.id, item.track_id) for item in deck.queue.items] == self.items
        assert (deck.queue.version, player.volume) == (self.edits, self.volume)
        assert list(self.told.shown.items()) == [
            (item, (track, deck.obstacles.get(track))) for item, track in self.items
        ]
        assert (player.item and player.item.id) == self.at
        assert (player.state is PlayerState.PLAYING) == self.is_playing
        assert (player.state is PlayerState.STOPPED) == (self.at is None)
        if self.at is not None:
            assert player.position_at(NOW + timedelta(seconds=self.now)) == self.position
            assert (player.length_s or float("inf")) == self.length()
        assert [play.track_id for play in self.told.plays] == self.plays
        assert [(play.track_id, play.listened_s) for play in self.told.over] == self.over


SecondBySecond.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestSecondBySecond = SecondBySecond.TestCase
