"""Which names in a folder can be recordings: decided on the bytes of the name alone."""

OWN_FOLDER = b".rookery"
"""In a root: what is on its way into it, and its trash."""

SKIPPED_FOLDERS = frozenset(
    {
        OWN_FOLDER,
        b"@eaDir",
        b"#snapshot",
        b"#recycle",
        b"$RECYCLE.BIN",
        b"System Volume Information",
        b"lost+found",
        b".stversions",
        b".stfolder",
        b".Trash",
    }
)
"""Folders that file systems, NAS boxes and synchronizers keep for themselves."""

UNFINISHED_ENDINGS = (
    b".part",
    b".partial",
    b".crdownload",
    b".tmp",
    b".temp",
    b".download",
    b".filepart",
    b".!qb",
    b"~",
)
"""Downloaders and copiers write under these names and rename at the end."""

OTHER_ENDINGS = frozenset(
    ending.encode()
    for ending in [
        "jpg",
        "jpeg",
        "png",
        "gif",
        "webp",
        "bmp",
        "tif",
        "tiff",
        "svg",
        "ico",
        "heic",
        "psd",
        "pdf",
        "txt",
        "md",
        "nfo",
        "log",
        "doc",
        "docx",
        "odt",
        "rtf",
        "html",
        "htm",
        "css",
        "js",
        "json",
        "xml",
        "yaml",
        "yml",
        "toml",
        "ini",
        "cfg",
        "conf",
        "cue",
        "m3u",
        "m3u8",
        "pls",
        "xspf",
        "sfv",
        "md5",
        "sha1",
        "sha256",
        "ffp",
        "accurip",
        "lrc",
        "srt",
        "vtt",
        "ass",
        "sub",
        "zip",
        "rar",
        "7z",
        "tar",
        "gz",
        "bz2",
        "xz",
        "zst",
        "iso",
        "exe",
        "dll",
        "so",
        "py",
        "pyc",
        "sh",
        "bat",
        "db",
        "sqlite",
        "sqlite3",
        "ds_store",
        "url",
        "lnk",
        "torrent",
        "asd",
        "reapeaks",
        "sfk",
        "pkf",
    ]
)
"""Never opened. Everything else is, for content decides what a recording is."""

AUDIO_ENDINGS = frozenset(
    ending.encode()
    for ending in [
        "mp3",
        "mp2",
        "flac",
        "ogg",
        "oga",
        "opus",
        "spx",
        "m4a",
        "m4b",
        "aac",
        "alac",
        "mp4",
        "wav",
        "wave",
        "bwf",
        "aif",
        "aiff",
        "aifc",
        "wma",
        "ape",
        "wv",
        "mpc",
        "tta",
        "tak",
        "dsf",
        "dff",
        "ac3",
        "dts",
        "eac3",
        "au",
        "snd",
        "amr",
        "mka",
        "webm",
        "caf",
        "w64",
        "rf64",
    ]
)
"""A file with one of these that holds no audio is shown as failed; any other is passed over in silence."""


def ending_of(name: bytes) -> bytes:
    """What follows the last dot, in lower case, or nothing."""
    stem, dot, ending = name.rpartition(b".")
    return ending.lower() if dot and stem else b""


def is_skipped_folder(name: bytes) -> bool:
    """Whether a folder of this name is left out, with all below it."""
    return name in SKIPPED_FOLDERS or name.startswith((b".Trash-", b".git"))


def is_candidate(name: bytes) -> bool:
    """Whether a file of this name is worth opening."""
    if name.startswith((b"._", b".syncthing.", b"~syncthing~", b".nfs", b".fuse_hidden")) or name == b".DS_Store":
        return False
    lower = name.lower()
    return not lower.endswith(UNFINISHED_ENDINGS) and ending_of(name) not in OTHER_ENDINGS


def claims_audio(path: bytes) -> bool:
    """Whether the name's ending promises a recording."""
    return ending_of(path.rpartition(b"/")[2]) in AUDIO_ENDINGS
