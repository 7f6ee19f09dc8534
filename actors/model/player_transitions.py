"""What each command makes of a player at a moment, as a table of pure functions: no clock, no I/O.

What time alone brings about, the end of a track and a listening that counts as a play, is caught up with before each command, as
of the very moment when it was due.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from actors.config import SECONDS
from actors.errors import ConflictError, InvalidError, ItemGoneError, RookeryError, TrackGoneError
from actors.model.player import Deck, Listened, Moment, Outcome, Player, PlayerState
from actors.model.player_commands import (
    EDITS,
    AddTrack,
    ClearQueue,
    Command,
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
from actors.model.player_queue import PlayerQueue, QueueItem, added, cleared, moved, removed, stale

BACK_TO_START_S = 3 * SECONDS
"""Later than this in a track, PREVIOUS_TRACK goes to its beginning."""


AHEAD = timedelta(seconds=60)
"""A clock that is so far behind what it said before was set back. Less is another node's clock, or a change that had to wait for one of its own."""


def carried_out(
    deck: Deck, command: Command | None, moment: Moment, *, was_away: bool = False
) -> Outcome | RookeryError:
    """What a command makes of a deck at a moment, or why it cannot be; without a command what time alone and the catalogue do.

    With `was_away` nobody kept the time meanwhile: tracks that ended since are passed over, and are no plays.
    """
    settled = _caught_up(_measured(_clocked(deck, moment, was_away=was_away), moment), moment, was_away=was_away)
    if command is None:
        return _numbered(deck, settled, moment)
    if isinstance(command, EDITS) and (refused := stale(deck.queue, command.version)):
        return refused
    after = TRANSITIONS[type(command)](settled.deck, command, moment)
    if isinstance(after, RookeryError):
        return after
    is_another = after.player.began_at != settled.deck.player.began_at
    over = (*settled.over, *(_over(settled.deck, moment.now) if is_another else ()))
    # A seek to the very end is over at once.
    done = _caught_up(after, moment, was_away=was_away)
    return _numbered(deck, attrs.evolve(done, plays=(*settled.plays, *done.plays), over=(*over, *done.over)), moment)


def _clocked(deck: Deck, moment: Moment, *, was_away: bool) -> Deck:
    """With a clock that was set meanwhile; and what seems to have begun in the future, while nobody saw it set, begins now."""
    player = deck.player.shifted(moment.set_by)
    ahead = player.since - moment.now
    if was_away and ahead >= AHEAD:
        player = player.shifted(-ahead)
    return attrs.evolve(deck, player=player)


def _measured(deck: Deck, moment: Moment) -> Deck:
    """With the length of a track that was not known when it began; one that is shorter than was played ends now."""
    player = deck.player
    facts = None if player.item is None else moment.tracks.get(player.item.track_id)
    if player.length_s is not None or facts is None or facts.length_s is None:
        return deck
    return attrs.evolve(deck, player=attrs.evolve(player, length_s=facts.length_s).rebased(moment.now))


def _caught_up(deck: Deck, moment: Moment, *, was_away: bool) -> Outcome:
    plays: list[Listened] = []
    over: list[Listened] = []
    following = iter(() if deck.player.item is None else deck.queue.after(deck.player.item.id))
    while (ends_at := deck.player.ends_at) is not None and ends_at <= moment.now:
        if not was_away:
            deck = _counted(deck, ends_at, plays)
            over += _over(deck, ends_at)
        deck = _on(deck, moment.first_playable(following), attrs.evolve(moment, now=ends_at))
    return Outcome(deck=_counted(deck, moment.now, plays), plays=tuple(plays), over=tuple(over))


def _counted(deck: Deck, now: datetime, plays: list[Listened]) -> Deck:
    player = deck.player
    if player.item is None or player.counts_at is None or player.counts_at > now:
        return deck
    plays.append(_listened(deck, now))
    return attrs.evolve(deck, player=attrs.evolve(player, is_counted=True))


def _over(deck: Deck, now: datetime) -> tuple[Listened, ...]:
    """The listening that ends now, if it counted."""
    return (_listened(deck, now),) if deck.player.is_counted else ()


def _listened(deck: Deck, now: datetime) -> Listened:
    player = deck.player
    began_at = player.began_at or player.since
    return Listened(track_id=_current(deck).track_id, at=began_at, listened_s=player.heard_at(now))


def _numbered(before: Deck, outcome: Outcome, moment: Moment) -> Outcome:
    """With the player's next version, if anything that can be seen of it is different, and what can be played of the queue by then."""
    deck = attrs.evolve(outcome.deck, obstacles=moment.obstacles(outcome.deck.queue.items))
    if _seen(deck.player) != _seen(before.player):
        deck = attrs.evolve(deck, player=attrs.evolve(deck.player, version=before.player.version + 1))
    return attrs.evolve(outcome, deck=deck)


def _seen(player: Player) -> tuple[object, ...]:
    return player.state, player.item, player.length_s, player.position_s, player.since, player.volume, player.device


def _current(deck: Deck) -> QueueItem:
    assert deck.player.item is not None
    return deck.player.item


def _on(deck: Deck, item: QueueItem | None, moment: Moment, state: PlayerState | None = None) -> Deck:
    """At the beginning of an item, as a new listening; stopped without one."""
    new = attrs.evolve(
        deck.player,
        state=PlayerState.STOPPED if item is None else state or deck.player.state,
        item=item,
        length_s=None if item is None else moment.tracks[item.track_id].length_s,
        position_s=0.0,
        since=moment.now,
        began_at=None if item is None else moment.now,
        heard_s=0.0,
        is_counted=False,
    )
    return attrs.evolve(deck, player=new)


def _play(deck: Deck, command: Play, moment: Moment) -> Deck | RookeryError:
    return _started(
        attrs.evolve(deck, player=attrs.evolve(deck.player, device=_sounding(deck, command, moment))), command, moment
    )


def _sounding(deck: Deck, command: Play, moment: Moment) -> Device | None:
    """Where a player sounds from a PLAY on: whoever goes on from afar takes nothing away from where it is heard."""
    here = deck.player.device
    if command.device is not None and moment.teller is not None and command.device.id == moment.teller.id:
        return moment.teller  # which has said its name
    is_free = here is None or deck.player.state is PlayerState.STOPPED
    return command.device or (is_free and moment.teller) or here


def _started(deck: Deck, command: Play, moment: Moment) -> Deck | RookeryError:
    player = deck.player
    if command.item_id is not None:
        place = deck.queue.place(command.item_id)
        if place is None:
            return ItemGoneError(command.item_id)
        item = moment.first_playable((deck.queue.items[place],))
        if item is None:
            return ConflictError(
                f"This track cannot be played now: {moment.obstacle(deck.queue.items[place].track_id)}"
            )
        if item != player.item:
            return _on(deck, item, moment, PlayerState.PLAYING)
    if player.state is PlayerState.PLAYING:
        return deck
    # What is gone since it was paused is passed over, as at the end of a track.
    items = deck.queue.items if player.item is None else (player.item, *deck.queue.after(player.item.id))
    first = moment.first_playable(items)
    if first is None:
        return ConflictError("Nothing in the queue can be played" if deck.queue.items else "The queue is empty")
    if first == player.item:
        return attrs.evolve(deck, player=attrs.evolve(player, state=PlayerState.PLAYING, since=moment.now))
    return _on(deck, first, moment, PlayerState.PLAYING)


def _pause(deck: Deck, _: Pause, moment: Moment) -> Deck:
    if deck.player.state is not PlayerState.PLAYING:
        return deck
    return attrs.evolve(deck, player=attrs.evolve(deck.player.rebased(moment.now), state=PlayerState.PAUSED))


def _seek(deck: Deck, command: Seek, moment: Moment) -> Deck | RookeryError:
    player = deck.player
    if player.item is None:
        return ConflictError("The player is stopped")
    if player.length_s is not None and command.position > player.length_s:
        return InvalidError("position", f"position must be at most {player.length_s:.3f}, where the track ends")
    return attrs.evolve(deck, player=attrs.evolve(player.rebased(moment.now), position_s=float(command.position)))


def _next(deck: Deck, _: NextTrack, moment: Moment) -> Deck | RookeryError:
    if deck.player.item is None:
        return ConflictError("The player is stopped")
    return _on(deck, moment.first_playable(deck.queue.after(deck.player.item.id)), moment)


def _previous(deck: Deck, _: PreviousTrack, moment: Moment) -> Deck | RookeryError:
    player = deck.player
    if player.item is None:
        return ConflictError("The player is stopped")
    before = moment.first_playable(deck.queue.before(player.item.id))
    if before is None or player.position_at(moment.now) > BACK_TO_START_S:
        again = attrs.evolve(player, position_s=0.0, since=moment.now, began_at=moment.now, heard_s=0.0)
        return attrs.evolve(deck, player=attrs.evolve(again, is_counted=False))
    return _on(deck, before, moment)


def _set_volume(deck: Deck, command: SetVolume, _: Moment) -> Deck:
    return attrs.evolve(deck, player=attrs.evolve(deck.player, volume=float(command.volume)))


def _add(deck: Deck, command: AddTrack, moment: Moment) -> Deck | RookeryError:
    if command.track_id not in moment.tracks:
        return TrackGoneError(command.track_id)
    return _with_queue(deck, added(deck.queue, command.track_id, command.position))


def _remove(deck: Deck, command: RemoveTrack, moment: Moment) -> Deck | RookeryError:
    after = _with_queue(deck, removed(deck.queue, command.item_id))
    if isinstance(after, RookeryError) or deck.player.item is None or deck.player.item.id != command.item_id:
        return after
    return _on(after, moment.first_playable(deck.queue.after(command.item_id)), moment)


def _clear(deck: Deck, _: ClearQueue, moment: Moment) -> Deck | RookeryError:
    after = _with_queue(deck, cleared(deck.queue))
    return after if isinstance(after, RookeryError) or deck.player.item is None else _on(after, None, moment)


def _reorder(deck: Deck, command: ReorderQueue, _: Moment) -> Deck | RookeryError:
    return _with_queue(deck, moved(deck.queue, command.item_id, command.position))


def _with_queue(deck: Deck, queue: PlayerQueue | RookeryError) -> Deck | RookeryError:
    return queue if isinstance(queue, RookeryError) else attrs.evolve(deck, queue=queue)


TRANSITIONS: Mapping[type[Command], Callable[[Deck, Any, Moment], Deck | RookeryError]] = {
    Play: _play,
    Pause: _pause,
    Seek: _seek,
    NextTrack: _next,
    PreviousTrack: _previous,
    SetVolume: _set_volume,
    AddTrack: _add,
    RemoveTrack: _remove,
    ClearQueue: _clear,
    ReorderQueue: _reorder,
}
"""What each command makes of a deck in which nothing is overdue; an error says that nothing has changed."""
