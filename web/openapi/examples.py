"""One example of each value that answers hold, for the documentation; each is a real value of its type."""

from datetime import UTC, datetime, timedelta

from actors.model.features import Features, Key, Loudness, Tempo
from actors.model.key import Key as ApiKey
from actors.model.memory import MemoryView
from actors.model.mine import Mine
from actors.model.obstacle import Obstacle
from actors.model.player import PlayerState
from actors.model.player_commands import Device
from actors.model.player_view import CheckedItemView, CheckView, ItemView, PlayerView, QueueItemView, QueueView
from actors.model.root import Root, RootState
from actors.model.root_view import root_view
from actors.model.track import Location, Presence, Sound, Stage, Tags, Track
from actors.model.user import Role, User
from actors.model.user_view import api_key_view, user_view
from actors.model.view import own_track_view
from supervision import ActorState, EventKind
from web.cache import CacheInfo
from web.connections import Cause, Kind
from web.paging import Links, Meta
from web.tree.event import EventView
from web.tree.feed import FeedView
from web.tree.views import ActorView, LatencyView, MailboxView, MessagesView, SupervisorView, TreeView

MOMENT = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
TRACK_ID = "0197f0b2c4a87c3e"
ROOT_ID = "5e3b8d1c9a7f2460"

TRACK = own_track_view(
    Track(
        id=TRACK_ID,
        stage=Stage.ANALYZED,
        presence=Presence.PRESENT,
        audio_hash="8f14e45fceea167a5a36dedd4bea2543f1d2c9a0b3e4d5c6a7b8c9d0e1f20314",
        tags=Tags(
            title="Blue Heron",
            artists=("Ada Vale",),
            album="Wetlands",
            genres=("Jazz",),
            date="1999-03-14",
            year=1999,
            track_number=3,
            track_total=9,
        ),
        sound=Sound(container="flac", codec="flac", duration_s=214.6, rate_hz=44_100, channels=2, bit_rate=873_000),
        features=Features(
            version=1,
            duration_s=214.58,
            loudness=Loudness(
                integrated_lufs=-14.2,
                range_lu=6.1,
                true_peak_dbtp=-0.8,
                sample_peak_dbfs=-0.9,
                max_momentary_lufs=-9.3,
                max_short_term_lufs=-10.7,
            ),
            tempo=Tempo(bpm=122.0, confidence=0.93, alternatives=(61.0,)),
            key=Key(tonic=9, is_minor=True, confidence=0.81),
            peaks=b"",
        ),
        locations=(
            Location(
                root_id=ROOT_ID,
                path=b"/srv/music/Ada Vale/Wetlands/03 Blue Heron.flac",
                size_bytes=23_419_004,
                mtime_ns=0,
                device=0,
                inode=0,
            ),
        ),
        size_bytes=23_419_004,
        added_at=MOMENT,
        changed_at=MOMENT + timedelta(seconds=8),
        mine=Mine(rating=4, plays=7, last_played_at=MOMENT + timedelta(days=2)),
        version=2,
    )
)
ROOT = root_view(
    Root(
        id=ROOT_ID, path=b"/srv/music", state=RootState.WATCHED, added_at=MOMENT, scanned_at=MOMENT + timedelta(hours=1)
    )
)
ACTOR = ActorView(
    path="rookery/pipeline/watcher",
    name="watcher",
    state=ActorState.RUNNING,
    incarnation=2,
    started_at=MOMENT,
    uptime=3600.0,
    restarts=1,
    restarts_in_window=0,
    restarts_remaining=3,
    escalates_after="escalates after 4 more within 60 s",
    failures_in_row=0,
    last_error="OSError: [Errno 24] Too many open files",
    mailbox=MailboxView(depth=0, capacity=100, high_water=3, waiting_senders=0),
    messages=MessagesView(
        handled=17,
        failed=0,
        dropped=0,
        redelivered=1,
        quarantined=0,
        late_answers=0,
        dead_letters=0,
        rate_per_second=0.2,
    ),
    latency=LatencyView(count=17, p50=0.0004, p95=0.002, p99=0.004),
    waiting_for=(),
    breakers=(),
    stack=None,
)
SUPERVISOR = SupervisorView(
    path="rookery",
    name="rookery",
    state=ActorState.RUNNING,
    incarnation=1,
    started_at=MOMENT,
    uptime=3600.0,
    strategy="rest_for_one",
    restarts_in_window=0,
    restarts_remaining=3,
    escalates_after="escalates after 4 more within 60 s",
    last_error=None,
    children=(ACTOR,),
)
TREE = TreeView(
    at=MOMENT,
    root=SUPERVISOR,
    dead_letter_count=0,
    dead_letters=(),
    deadlock_count=0,
    deadlocks=(),
    event_counts={EventKind.STARTED: 2},
    feed=FeedView(
        newest=42,
        connections={Kind.WEBSOCKET: 3, Kind.SSE: 1, Kind.NDJSON: 0},
        left={Cause.LEFT: 12, Cause.TOO_SLOW: 1},
        sent=1_700,
        lag_bytes=512,
        most_lag_bytes=512,
        most_lag=0.25,
    ),
)
EVENT = EventView(
    kind=EventKind.RESTARTED,
    path="rookery/pipeline/watcher",
    at=MOMENT,
    incarnation=2,
    reason=None,
    error=None,
    delay=None,
    message=None,
)
CACHE_INFO = CacheInfo(
    hit_cache=True,
    confidence=1.0,
    validation_score=1.0,
    generated_at=MOMENT,
    expires_at=MOMENT + timedelta(minutes=10),
)
LATER = MOMENT + timedelta(days=14)
USER = user_view(
    User(
        id="8d2f6c1b7a5e9304",
        name="ada",
        shown_name="Ada Vale",
        role=Role.ADMIN,
        added_at=MOMENT,
        changed_at=MOMENT + timedelta(hours=2),
        version=2,
    )
)
API_KEY = api_key_view(
    ApiKey(
        id="4b7e1d9c2a6f8035",
        user_id=USER.id,
        name="backup script",
        role=Role.LISTENER,
        added_at=MOMENT,
        expires_at=LATER,
        last_used_at=MOMENT + timedelta(days=1),
    )
)

MEMORY = MemoryView(
    id="5b1d7c0e9a3f4d21",
    track_id=TRACK_ID,
    track_title="Rook",
    position=61.5,
    text="The bass comes in",
    tags=("mix",),
    added_at=MOMENT,
    changed_at=MOMENT,
    version=1,
)

ITEM = ItemView(id="3", track_id=TRACK_ID)
QUEUE = QueueView(version=7, items=(QueueItemView(id=ITEM.id, track_id=TRACK_ID, is_playable=True, reason=None),))
CHECK = CheckView(
    version=QUEUE.version,
    items=(CheckedItemView(item_id=ITEM.id, track_id=TRACK_ID, is_playable=False, reason=Obstacle.MISSING),),
)
PLAYER = PlayerView(
    state=PlayerState.PLAYING,
    item=ITEM,
    position=61.5,
    at=MOMENT,
    duration=214.58,
    volume=0.8,
    device=Device(id="kitchen", name="The radio in the kitchen"),
    version=12,
    queue_version=QUEUE.version,
)


def only_page(path: str) -> tuple[Meta, Links]:
    """What stands beside the one thing of a list's only page."""
    meta = Meta(
        total=1,
        page=1,
        page_size=50,
        total_pages=1,
        has_next_page=False,
        has_previous_page=False,
        next_cursor=None,
    )
    here = f"{path}?pageSize=50&page=1"
    return meta, Links(here=here, first=here, last=here, next=None, previous=None)
