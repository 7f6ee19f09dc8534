"""Puts samples into tagged files of many formats: for the demo library and for tests, which need files of known content."""

import os
from collections.abc import Mapping
from pathlib import Path

import attrs
import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from actors.media.synthesis import RATE_HZ, Piece, render

FRAME_SAMPLES = 65_536
LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


@attrs.frozen
class Format:
    """How a file ending is written: container and codec in FFmpeg's names."""

    container: str
    codec: str
    options: Mapping[str, str] = attrs.field(factory=dict)
    rate_hz: int | None = None
    """The only rate that the codec takes."""


FORMATS = {
    ".mp3": Format("mp3", "libmp3lame", {"b": "192k"}),
    ".flac": Format("flac", "flac"),
    # FFmpeg calls its own Vorbis encoder experimental; every build has it.
    ".ogg": Format("ogg", "vorbis", {"strict": "-2", "b": "192k"}),
    ".opus": Format("opus", "libopus", {"b": "96k"}, 48_000),
    ".m4a": Format("ipod", "aac", {"b": "160k"}),
    ".wav": Format("wav", "pcm_s16le"),
    ".aiff": Format("aiff", "pcm_s16be", {"write_id3v2": "1"}),
    ".mka": Format("matroska", "flac"),
}
"""By file ending."""


def write_recording(path: Path, piece: Piece, *, length_s: float, tags: Mapping[str, str] | None = None) -> Path:
    """Render a piece and write it in the format of the path's ending; returns the path. Raises as `write_samples`."""
    form = FORMATS[path.suffix]
    rate_hz = form.rate_hz or RATE_HZ
    return write_samples(path, render(piece, length_s=length_s, rate_hz=rate_hz), rate_hz=rate_hz, tags=tags)


def write_samples(
    path: Path,
    samples: NDArray[np.float32],
    *,
    rate_hz: int,
    tags: Mapping[str, str] | None = None,
    form: Format | None = None,
) -> Path:
    """Encode samples into one file, which appears whole or not at all; equal input gives equal bytes.

    Args:
        path: its ending chooses the format, unless `form` does; its folder must exist.
        samples: float32, shape (channels, n), 1–8 channels.
        rate_hz: must be one that the codec takes.
        tags: by FFmpeg's names: `title`, `artist`, `album`, `album_artist`, `genre`, `date`, `track`, `comment`.
        form: container and codec in place of those of the ending.

    Raises:
        KeyError: no format is known for the ending.
        OSError: the file cannot be written.
    """
    form = form or FORMATS[path.suffix]
    options = {"fflags": "+bitexact"}
    options.update({name: value for name, value in form.options.items() if name == "write_id3v2"})
    # The ending is one that no scan takes for a recording.
    unfinished = path.with_name(path.name + ".part")
    try:
        with av.open(str(unfinished), "w", format=form.container, container_options=options) as container:
            stream = container.add_stream(form.codec, rate=rate_hz, options=dict(form.options))
            assert isinstance(stream, AudioStream)
            stream.codec_context.layout = LAYOUTS[samples.shape[0]]
            container.metadata.update(tags or {})
            for frame in _frames(samples, rate_hz):
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _frames(samples: NDArray[np.float32], rate_hz: int) -> list[AudioFrame]:
    layout = LAYOUTS[samples.shape[0]]
    frames = []
    for start in range(0, samples.shape[1], FRAME_SAMPLES):
        # Interleaved: planar frames of eight channels do not work in PyAV 18.
        part = np.ascontiguousarray(samples[:, start : start + FRAME_SAMPLES].T.reshape(1, -1))
        frame = AudioFrame.from_ndarray(part, format="flt", layout=layout)
        frame.sample_rate = rate_hz
        frame.pts = start
        frames.append(frame)
    return frames
