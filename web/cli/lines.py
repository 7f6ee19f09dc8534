"""Messages of the live feed as lines for people. Nothing that a file's name or tag holds can steer the terminal."""

from datetime import datetime
from typing import Any

from rich.text import Text

ACCESS = "rookery.access"
"""Logs requests."""
USUAL = frozenset({"route", "trace_id"})
"""What is looked up, not read, in the line of a request."""
LOOKS = {
    "TRACK_ADDED": ("added", "green"),
    "TRACK_UPDATED": ("updated", "blue"),
    "TRACK_ANALYZED": ("analyzed", "cyan"),
    "TRACK_MOVED": ("moved", "blue"),
    "TRACK_MISSING": ("missing", "yellow"),
    "TRACK_REMOVED": ("removed", "yellow"),
    "ANALYSIS_FAILED": ("failed", "red"),
    "PROGRESS_UPDATE": ("progress", "bright_black"),
    "SCAN_UPDATE": ("scan", "magenta"),
    "VALIDATION_UPDATE": ("checked", "yellow"),
    "CACHE_HIT": ("kept", "bright_black"),
    "SUPERVISION_EVENT": ("supervision", "magenta"),
    "LOG": ("log", "default"),
    "RESYNC": ("resync", "yellow"),
    "GOODBYE": ("goodbye", "yellow"),
}
"""One word and one color for each type."""


def line(message: dict[str, Any]) -> Text:
    """One message as `12:30:00  42  added  Title · Artist`; of an unknown type its name alone."""
    word, color = LOOKS.get(message["type"], (message["type"].lower(), "default"))
    at = datetime.fromisoformat(message["timestamp"]).astimezone()
    seq = str(message["seq"]) if "seq" in message else ""
    return Text.assemble(
        (f"{at:%H:%M:%S} ", "bright_black"),
        (f"{seq:>7}  ", "bright_black"),
        (f"{clean(word):<12}", color),
        clean(_told(message["type"], message["payload"])),
    )


def clean(text: str) -> str:
    """The text without anything that is not printed: escape sequences become harmless."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def in_words(payload: dict[str, Any]) -> str:
    """What a line says, with its values; a request in short."""
    fields = {name: value for name, value in payload["fields"].items() if value is not None}
    text = payload["message"]
    if payload["logger"] == ACCESS and {"method", "path"} <= fields.keys():
        text = f"{fields.pop('method')} {fields.pop('path')} {fields.pop('status', 'left')}"
        fields = {
            name: value for name, value in fields.items() if name not in USUAL and (name, value) != ("whole", True)
        }
    return "  ".join([text, *(f"{name}={value}" for name, value in fields.items())])


def _told(message_type: str, payload: dict[str, Any]) -> str:
    match message_type:
        case "TRACK_ADDED" | "TRACK_UPDATED":
            return _name(payload["track"])
        case "TRACK_ANALYZED":
            return " · ".join([_name(payload["track"]), *_measures(payload["track"].get("features"))])
        case "TRACK_MOVED":
            return f"{payload['from']} → {payload['to']}"
        case "TRACK_MISSING" | "TRACK_REMOVED":
            return str(payload["path"])
        case "ANALYSIS_FAILED":
            return f"{payload['path']}: {payload['message']}"
        case "PROGRESS_UPDATE":
            return f"{payload['subject']} {payload['stage']} {payload['done']:.0%}"
        case "SCAN_UPDATE":
            return f"{payload.get('path', payload['root'])} {payload['state']}, {payload['done']} of {payload['found']}"
        case "VALIDATION_UPDATE":
            away = sum(not item["isPlayable"] for item in payload["items"])
            return f"of the queue {away} cannot be played, {len(payload['items']) - away} can again"
        case "CACHE_HIT":
            return f"{payload['hits']} answers kept, {payload['misses']} computed"
        case "SUPERVISION_EVENT":
            return " ".join(filter(None, [payload["path"], payload["kind"], payload["reason"], payload["error"]]))
        case "LOG":
            return f"{payload['level']} {payload['logger']} {in_words(payload)}"
        case "RESYNC":
            return f"events up to {payload['newest']} are gone; what is kept begins at {payload['oldest']}"
        case "GOODBYE":
            return str(payload["reason"])
        case _:
            return ""


def _name(track: dict[str, Any]) -> str:
    return " · ".join(filter(None, [track["title"], track.get("artist")]))


def _measures(features: dict[str, Any] | None) -> list[str]:
    if features is None:
        return []
    measures = []
    if features["tempo"] is not None:
        measures.append(f"{features['tempo']['bpm']:.0f} BPM")
    if features["key"] is not None:
        measures.append(features["key"]["name"])
    if features["loudness"]["integratedLufs"] is not None:
        measures.append(f"{features['loudness']['integratedLufs']:.1f} LUFS")
    return measures
