"""Sound of one file in large planar blocks, in constant memory whatever the length: FFmpeg decodes and gathers, Python only looks on."""

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.filter import Graph
from av.filter.context import FilterContext
from numpy.typing import NDArray

from actors.errors import UnreadableError
from actors.media.container import open_container, opening_options, whole_frames, whole_packets
from actors.media.recording import Recording, open_recording
from actors.model.track import shown_path

BLOCK_SAMPLES = 262_144
"""About; whole hundredths of a second, so that what measures in such steps has nothing to carry over."""
LOUDEST = 4.0
"""12 dB over full scale: float files may be that hot, and what decodes to more is damage."""
DAMAGE_SAMPLES = 1_152
"""A frame of MP3. What one damaged frame gives is loud all over, and its neighbors overlap with it."""
PLANAR_CHANNELS = 2
"""PyAV 18 crashes on planar frames of many channels, so those come interleaved and are turned here."""

Block = NDArray[np.float32]


@attrs.frozen(eq=False, kw_only=True)
class _Path:
    """From frames to large blocks."""

    graph: Graph
    """Its parts do not keep it alive, and crash without it."""
    source: FilterContext
    sink: FilterContext


@attrs.define(eq=False, kw_only=True)
class Decoder:
    """An open recording that gives its samples once; made by `open_decoder`."""

    rate_hz: int
    speakers: tuple[str, ...]
    """FFmpeg's name of each channel's place: `FL`, `FR`, `FC`, `LFE`, `SL`, …; one a channel."""
    _recording: Recording
    _layout: str
    _claimed_s: float
    _given: int = 0

    @property
    def position(self) -> float:
        """How far the blocks have come, 0–1, by the duration that the container claims."""
        return min(1.0, self._given / (self._claimed_s * self.rate_hz)) if self._claimed_s > 0 else 0.0

    def blocks(self) -> Iterator[Block]:
        """The whole recording: float32, shape (channels, n), full scale ±1, n about 262,144 but for the last; yours to keep.

        Damage is skipped, or silent where it decodes to what is no sound. Every value is finite, within ±4. Raises UnreadableError (`corrupt`) when nothing came.
        """
        try:
            yield from self._straight()
        except MemoryError:
            raise
        except av.error.FFmpegError:
            yield from self._around_damage(skip=self._given)
        if self._given == 0:
            raise UnreadableError("corrupt", f"nothing in {shown_path(self._recording.path)} can be decoded")

    def _straight(self) -> Iterator[Block]:
        graph = Graph()
        source = graph.add(
            "amovie",
            filename=self._recording.address,
            format_opts=":".join(f"{name}={value}" for name, value in opening_options(self._recording).items()),
            dec_threads="1",
        )
        sink = self._gathering(graph, source)
        yield from self._ready_in(sink)

    def _around_damage(self, *, skip: int) -> Iterator[Block]:
        with open_container(self._recording) as (container, stream):
            seen = 0
            form: tuple[object, ...] = ()
            way: _Path | None = None
            for packet in whole_packets(container, stream):
                for frame in whole_frames(packet):
                    seen += frame.samples
                    if seen <= skip:
                        continue
                    if way is None or _form(frame) != form:
                        # What the container says of its samples may differ from what its decoder gives, and that may change.
                        yield from self._left_in(way)
                        form, way = _form(frame), self._from_frames(frame)
                    if way is not None:
                        way.source.push(frame)
                        yield from self._ready_in(way.sink)
            yield from self._left_in(way)

    def _from_frames(self, first: AudioFrame) -> _Path | None:
        """A way for frames of the form of the first; None when no graph takes them."""
        graph = Graph()
        try:
            source = graph.add_abuffer(
                sample_rate=first.sample_rate,
                format=first.format.name,
                layout=first.layout.name,
                time_base=first.time_base,
            )
            sink = self._gathering(graph, source, is_other=first.layout.nb_channels != len(self.speakers))
            return _Path(graph=graph, source=source, sink=sink)
        except (av.error.FFmpegError, ValueError):
            return None

    def _ready_in(self, sink: FilterContext) -> Iterator[Block]:
        while (gathered := _pull(sink)) is not None:
            yield self._block(gathered)

    def _left_in(self, way: _Path | None) -> Iterator[Block]:
        if way is not None:
            way.source.push(None)
            yield from self._ready_in(way.sink)

    def _gathering(self, graph: Graph, source: FilterContext, *, is_other: bool = False) -> FilterContext:
        """The end of a graph that gives large blocks of this recording's form; `is_other`: the source has other channels."""
        form = "fltp" if len(self.speakers) <= PLANAR_CHANNELS else "flt"
        wanted = {"sample_fmts": form, "sample_rates": str(self.rate_hz)}
        if is_other:
            wanted["channel_layouts"] = self._layout
        alike = graph.add("aformat", **wanted)
        large = graph.add("asetnsamples", n=str(_block_samples(self.rate_hz)), p="0")
        sink = graph.add("abuffersink")
        graph.link_nodes(source, alike, large, sink).configure()
        return sink

    def _block(self, frame: AudioFrame) -> Block:
        samples: Block = frame.to_ndarray().astype(np.float32, copy=False)
        channels = len(self.speakers)
        if samples.shape[0] != channels:
            samples = np.ascontiguousarray(samples.reshape(-1, channels).T)
        self._given += samples.shape[1]
        highest = np.abs(samples).max(initial=0.0)
        return samples if highest <= LOUDEST else _without_damage(samples)


@contextmanager
def open_decoder(path: bytes) -> Iterator[Decoder]:
    """Open one recording for decoding. Blocks; may crash the process with FFmpeg: run it in a worker.

    Raises (also at the end of the block):
        FileGoneError: it went or changed meanwhile.
        UnreadableError: `no_audio`, `corrupt`, `unreadable`.
    """
    with open_recording(path) as recording:
        with open_container(recording) as (container, stream):
            claimed_s = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
            decoder = Decoder(
                rate_hz=stream.codec_context.sample_rate,
                speakers=_speakers(stream),
                recording=recording,
                layout=stream.codec_context.layout.name,
                claimed_s=claimed_s or (container.duration or 0) / av.time_base,
            )
        yield decoder


def _block_samples(rate_hz: int) -> int:
    step = max(1, rate_hz // 100)
    return max(1, BLOCK_SAMPLES // step) * step


def _speakers(stream: AudioStream) -> tuple[str, ...]:
    layout = stream.codec_context.layout
    if stream.codec_context.channels == 1:
        return ("FC",)
    if stream.codec_context.channels == 2:
        return ("FL", "FR")
    return tuple(channel.name for channel in layout.channels)


def _form(frame: AudioFrame) -> tuple[object, ...]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _without_damage(samples: Block) -> Block:
    """Silence around every value that is no number or beyond the loudest, in all channels."""
    count = samples.shape[1]
    is_bad = ~(np.abs(samples).max(axis=0) <= LOUDEST)
    parts = np.logical_or.reduceat(is_bad, np.arange(0, count, DAMAGE_SAMPLES))
    near = parts.copy()
    near[1:] |= parts[:-1]
    near[:-1] |= parts[1:]
    mended: Block = np.where(np.repeat(near, DAMAGE_SAMPLES)[:count], np.float32(0.0), samples)
    return mended


def _pull(sink: FilterContext) -> AudioFrame | None:
    """The next gathered frame, or None when there is none yet or no more."""
    try:
        frame = sink.pull()
    except (av.error.EOFError, av.error.BlockingIOError):
        return None
    assert isinstance(frame, AudioFrame)
    return frame
