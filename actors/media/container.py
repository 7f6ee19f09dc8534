"""Opens the containers that hold sound, and no others: what opens further files or addresses is never let in."""

from collections.abc import Iterator
from contextlib import contextmanager

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from actors.errors import UnreadableError
from actors.media.recording import Recording
from actors.model.track import shown_path

CONTAINERS = (
    "aa,aac,aax,ac3,adp,ads,adx,aea,aiff,amr,ape,asf,ast,au,avi,avr,bfstm,bonk,brstm,caf,dsf,dts,dtshd,eac3,flac,flv,"
    "genh,gsm,hca,hcom,iff,ircam,loas,matroska,mlp,mmf,mov,mp3,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,ogg,oma,osq,paf,"
    "pvf,qcp,qoa,rka,rm,rso,sbc,sds,shn,siff,sox,spdif,tak,truehd,tta,vag,voc,vqf,w64,wav,wavarc,webm,wsd,wtv,wv,wve,xa,"
    "xwma"
)
"""FFmpeg's names. Not among them: playlists and scripts such as hls, concat and dash, which read other files."""

SAFE_OPTIONS = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
WAVE_LOOK_BYTES = 65_536
"""Of a WAV file FFmpeg would search megabytes for DTS that poses as PCM; it shows itself in the first few frames."""

MAX_RATE_HZ = 6_144_000
MAX_CHANNELS = 64

MAGIC = (b"ID3", b"fLaC", b"OggS", b"RIFF", b"RF64", b"FORM", b"wvPk", b"MAC ", b"TTA1", b"caff", b"\x1aE\xdf\xa3")
"""How recordings begin; MP4 begins with `ftyp` at its fifth byte."""


@contextmanager
def open_container(recording: Recording) -> Iterator[tuple[InputContainer, AudioStream]]:
    """The container of an open recording and its best audio stream.

    Raises:
        UnreadableError: `no_audio` when it holds no sound, `corrupt` when it begins like a recording and then is none, or claims absurd channels or rates,
            `unreadable` when the disk fails.
    """
    shown = shown_path(recording.path)
    try:
        container = av.open(recording.address, metadata_errors="replace", options=opening_options(recording))
    except MemoryError:
        raise
    except OSError as error:
        raise UnreadableError("unreadable", f"{shown} cannot be read: {error.strerror}") from error
    except (av.error.FFmpegError, ValueError) as error:
        if _begins_like_sound(recording):
            raise UnreadableError("corrupt", f"{shown} is damaged: {_words(error)}") from error
        raise UnreadableError("no_audio", f"{shown} is no recording") from error
    with container:
        stream = container.streams.best("audio")
        if stream is None:
            raise UnreadableError("no_audio", f"{shown} holds no sound")
        assert isinstance(stream, AudioStream)
        if stream.codec_context is None:
            raise UnreadableError("no_audio", f"{shown} holds sound in a form that nothing here decodes")
        rate_hz, channels = stream.codec_context.sample_rate, stream.codec_context.channels
        if not (0 < rate_hz <= MAX_RATE_HZ and 0 < channels <= MAX_CHANNELS):
            raise UnreadableError("corrupt", f"{shown} claims {channels} channels at {rate_hz} Hz")
        yield container, stream


def opening_options(recording: Recording) -> dict[str, str]:
    """FFmpeg's options for opening a file: nothing but known containers, from this file alone."""
    head = _head(recording)
    if head.startswith(b"RIFF") and head.endswith(b"WAVE"):
        return {**SAFE_OPTIONS, "probesize": str(WAVE_LOOK_BYTES)}
    return dict(SAFE_OPTIONS)


def whole_packets(container: InputContainer, stream: AudioStream) -> "Iterator[Packet[AudioStream]]":
    """The packets of a stream up to the container's end, or to where it breaks: what came before is sound all the same.

    Raises MemoryError: the process is at its limit, which is no end of the recording.
    """
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except MemoryError:
        raise
    except av.error.FFmpegError:
        return


def whole_frames(packet: "Packet[AudioStream]") -> list[AudioFrame]:
    """What a packet decodes to: nothing where it is damaged. Raises MemoryError, as `whole_packets`."""
    try:
        return packet.decode()
    except MemoryError:
        raise
    except av.error.FFmpegError:
        return []


def container_name(container: InputContainer) -> str:
    """One plain word for the container: `mp4` for the family of formats that share its demuxer."""
    name = container.format.name
    return "mp4" if name.startswith("mov,mp4") else name.partition(",")[0]


def _begins_like_sound(recording: Recording) -> bool:
    head = _head(recording)
    return head.startswith(MAGIC) or head[4:8] == b"ftyp"


def _head(recording: Recording) -> bytes:
    with open(recording.address, "rb") as file:
        return file.read(12)


def _words(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
