"""What kind of file a recording is, and how it is called, for the headers of its answer. Pure."""

from urllib.parse import quote

from actors.model.track import Sound

_OF_CONTAINER = {
    "aac": "audio/aac",
    "ac3": "audio/ac3",
    "aiff": "audio/aiff",
    "amr": "audio/amr",
    "ape": "audio/x-ape",
    "asf": "audio/x-ms-wma",
    "au": "audio/basic",
    "avi": "video/x-msvideo",
    "caf": "audio/x-caf",
    "flac": "audio/flac",
    "matroska": "audio/x-matroska",
    "mov": "audio/mp4",
    "mp3": "audio/mpeg",
    "mp4": "audio/mp4",
    "mpc": "audio/x-musepack",
    "mpc8": "audio/x-musepack",
    "ogg": "audio/ogg",
    "tta": "audio/x-tta",
    "wav": "audio/wav",
    "w64": "audio/x-w64",
    "webm": "audio/webm",
    "wv": "audio/x-wavpack",
}
"""By the first name that FFmpeg gives the container, and by the one that a probe notes instead."""

UNKNOWN = "application/octet-stream"


def media_type(sound: Sound | None, file_name: str) -> str:
    """The media type of a recording's file; a container of many names (`mov,mp4,m4a,…`) counts by its first.

    WebM and Matroska are one container to FFmpeg: there the file's name decides.
    """
    if sound is None:
        return UNKNOWN
    first = sound.container.split(",", 1)[0].strip().lower()
    if first == "matroska" and file_name.lower().endswith(".webm"):
        first = "webm"
    return _OF_CONTAINER.get(first, UNKNOWN)


def disposition(file_name: str, *, is_download: bool = False) -> str:
    """A Content-Disposition that names the file for saving (RFC 6266, 8187), and shows it in place unless it is a download."""
    plain = "".join(sign if 32 <= ord(sign) < 127 and sign not in '"\\%' else "_" for sign in file_name)
    kind = "attachment" if is_download else "inline"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
