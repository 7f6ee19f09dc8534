"""One recording in another form, from any moment of it, piece by piece in constant memory."""

import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain

import attrs
import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter import Graph
from av.filter.context import FilterContext

from actors.errors import FileGoneError, UnreadableError
from actors.media.container import open_container, whole_frames, whole_packets
from actors.media.recording import Recording
from actors.model.delivery import FORMS, Encoding, Form
from actors.model.track import shown_path

Write = Callable[[bytes], None]

RUN_UP_S = 1
"""Decoders that begin in the middle need what came shortly before; it is dropped again."""
OUTPUT_BYTES = 8_192
REPRODUCIBLE = {"fflags": "+bitexact"}
"""Equal input gives equal bytes: no serial numbers by chance, no dates."""
GATHERED_SAMPLES = 4_096


def available_forms() -> tuple[str, ...]:
    """The names of `FORMS` that the installed FFmpeg can write."""
    return tuple(name for name, form in FORMS.items() if form.encoder in av.codecs_available)


def encoder_version() -> str:
    """Changes when equal input may give other bytes."""
    return str(av.library_versions["libavcodec"])


def encode(recording: Recording, encoding: Encoding, write: Write) -> None:
    """Write a recording in another form. Blocks; may crash the process with FFmpeg: run it in a child.

    The sound has at most two channels; damage is skipped. It begins on the very sample, as far as the container's clock tells;
    what the codec itself puts before is at most 50 ms.

    Args:
        recording: held open.
        encoding: how; its bit rate must be one that the form takes.
        write: gets the bytes in order, at most 8 KiB at once; nothing before the first sound was decoded.

    Raises:
        UnreadableError: `no_audio`, `corrupt`, `unreadable`; `past_end` when no sound is left at the start.
        FileGoneError: `changed`, the file changed meanwhile; what was written may be anything.
    """
    before = _state(recording)
    with open_container(recording) as (container, stream):
        form = FORMS[encoding.form]
        frames = _Conversion(form, stream, start_s=encoding.start_s).frames(container)
        first = next(frames, None)
        if first is None:
            raise _silence(recording, encoding.start_s)
        _write(chain((first,), frames), form, encoding, write, like=first)
    if _state(recording) != before:
        raise FileGoneError("changed", f"{shown_path(recording.path)} changed while it was read")


def _state(recording: Recording) -> tuple[int, int]:
    status = os.fstat(recording.descriptor)
    return status.st_size, status.st_mtime_ns


def _silence(recording: Recording, start_s: float) -> UnreadableError:
    shown = shown_path(recording.path)
    if start_s > 0:
        return UnreadableError("past_end", f"{shown} has no sound from {start_s:g} s on")
    return UnreadableError("corrupt", f"nothing in {shown} can be decoded")


@attrs.frozen(eq=False)
class _Pipe:
    """What FFmpeg writes into. It cannot seek, so headers that would need the end are left out."""

    write: Write


def _write(frames: Iterator[AudioFrame], form: Form, encoding: Encoding, write: Write, *, like: AudioFrame) -> None:
    with av.open(
        _Pipe(write), "w", format=form.container, container_options=REPRODUCIBLE, buffer_size=OUTPUT_BYTES
    ) as output:
        stream = output.add_stream(form.encoder, rate=like.sample_rate)
        assert isinstance(stream, AudioStream)
        stream.bit_rate = encoding.bit_rate
        stream.codec_context.layout = like.layout
        stream.codec_context.format = like.format
        output.metadata.update(encoding.tags)
        given = 0
        for frame in frames:
            frame.pts, frame.time_base = given, Fraction(1, frame.sample_rate)
            given += frame.samples
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


@attrs.frozen(eq=False, kw_only=True)
class _Path:
    """From decoded frames to those that the encoder takes."""

    graph: Graph
    """Its parts do not keep it alive, and crash without it."""
    source: FilterContext
    sink: FilterContext


class _Conversion:
    """One pass over a recording's frames, from some moment on, into the samples of a form."""

    def __init__(self, form: Form, stream: AudioStream, *, start_s: float) -> None:
        self._form = form
        self._stream = stream
        self._start_s = Fraction(start_s)
        self._origin_s = (stream.start_time or 0) * (stream.time_base or Fraction(0))
        self._rate_hz = form.rate_hz(stream.codec_context.sample_rate)
        self._layout = "mono" if stream.codec_context.channels == 1 else "stereo"
        self._at_s = Fraction(0)

    def frames(self, container: InputContainer) -> Iterator[AudioFrame]:
        """The converted sound."""
        taken: tuple[object, ...] = ()
        path: _Path | None = None
        for frame in self._decoded(container):
            begin_s = self._place(frame)
            self._at_s = begin_s + Fraction(frame.samples, frame.sample_rate)
            if self._at_s <= self._start_s:
                continue
            if path is None or taken != _kind(frame):
                # A decoder may change its mind about its samples in the middle.
                yield from _left_in(path)
                taken, path = _kind(frame), self._path(frame, skip_s=self._start_s - begin_s)
            if path is not None:
                frame.pts = None
                path.source.push(frame)
                yield from _ready_in(path)
        yield from _left_in(path)

    def _decoded(self, container: InputContainer) -> Iterator[AudioFrame]:
        """Frames from the start or a little before it; from the very beginning where the container cannot do better."""
        begin_s = self._start_s - RUN_UP_S
        if begin_s > 0 and self._has_sought(container, begin_s):
            frames = self._all(container)
            first = next(frames, None)
            if first is not None and first.pts is not None and self._place(first) <= self._start_s:
                yield first
                yield from frames
                return
            container.seek(0)
            self._at_s = Fraction(0)
        yield from self._all(container)

    def _has_sought(self, container: InputContainer, moment_s: Fraction) -> bool:
        assert self._stream.time_base is not None
        try:
            container.seek(int((moment_s + self._origin_s) / self._stream.time_base), stream=self._stream)
        except av.error.FFmpegError:
            return False
        return True

    def _all(self, container: InputContainer) -> Iterator[AudioFrame]:
        for packet in whole_packets(container, self._stream):
            yield from whole_frames(packet)
        yield from _rest(self._stream)

    def _place(self, frame: AudioFrame) -> Fraction:
        """Where a frame begins. Up to the start by the container's clock, which may jump later, then by counting."""
        if self._at_s > self._start_s or frame.pts is None or frame.time_base is None:
            return self._at_s
        return frame.pts * frame.time_base - self._origin_s

    def _path(self, first: AudioFrame, *, skip_s: Fraction) -> _Path | None:
        """A way for frames of the kind of the first, without the sound of its first seconds; None when no graph takes them."""
        graph = Graph()
        rate_hz = first.sample_rate
        try:
            source = graph.add_abuffer(
                sample_rate=rate_hz,
                format=first.format.name,
                layout=first.layout.name,
                time_base=Fraction(1, rate_hz),
            )
            skipped = graph.add("atrim", start_sample=str(max(0, round(skip_s * rate_hz))))
            # Without the limit, a mix of more channels would be too loud for samples of integers.
            mixed = graph.add("aresample", sample_rate=str(self._rate_hz), rematrix_maxval="1.0")
            alike = graph.add(
                "aformat",
                sample_fmts=self._form.sample_format,
                sample_rates=str(self._rate_hz),
                channel_layouts=self._layout,
            )
            gathered = graph.add("asetnsamples", n=str(GATHERED_SAMPLES), p="0")
            sink = graph.add("abuffersink")
            graph.link_nodes(source, skipped, mixed, alike, gathered, sink).configure()
        except (av.error.FFmpegError, ValueError):
            return None
        return _Path(graph=graph, source=source, sink=sink)


def _kind(frame: AudioFrame) -> tuple[object, ...]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _rest(stream: AudioStream) -> list[AudioFrame]:
    """What the decoder still holds at the end."""
    try:
        return stream.decode(None)
    except MemoryError:
        raise
    except av.error.FFmpegError:
        return []


def _left_in(path: _Path | None) -> Iterator[AudioFrame]:
    if path is not None:
        path.source.push(None)
        yield from _ready_in(path)


def _ready_in(path: _Path) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = path.sink.pull()
        except (av.error.EOFError, av.error.BlockingIOError):
            return
        assert isinstance(frame, AudioFrame)
        yield frame
