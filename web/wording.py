"""What is wrong with a value, for people: every refusal of msgspec in plain words, by the value's name. Here and nowhere else.

Knows which messages msgspec has; nothing of requests.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from web.errors import SECRETS, FieldError

KNOWN_CHARACTERS = 60
"""So much of a value is repeated in a sentence; a longer word is like none that there is."""

_MOMENT = "2026-03-01T12:30:00Z"
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "array": "a list",
    "object": "an object",
    "datetime": f"a moment such as {_MOMENT}",
    "date": "a date such as 2026-03-01",
}
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_WHERE = re.compile(r" - at `(key` in `)?\$(.*)`$", re.DOTALL)
_ANY = "..."
"""An entry of a mapping, whose name msgspec does not tell."""


def fault(name: str, error: msgspec.ValidationError, value: Any, kind: Any, *, is_text: bool = False) -> FieldError:
    """A refusal of msgspec in plain words.

    Args:
        name: of the value; empty for a body as a whole.
        error: what `msgspec.convert(value, kind)` raised.
        value: what was refused.
        kind: what it should have been.
        is_text: whether values are always sent as text, as in addresses; null and lists cannot be said there.
    """
    text, steps, is_key = _split(str(error))
    inner, is_known = _followed(value, steps)
    field = (name + "".join(f"[{step}]" if step.isdigit() or step == _ANY else f".{step}" for step in steps)).lstrip(
        "."
    )
    kinds = _kinds(kind, steps)
    if found := _MISSING.fullmatch(text):
        return missing(_below(field, found[1]))
    if found := _UNKNOWN.fullmatch(text):
        known = [name for one in kinds for name in _fields(one)]
        return unknown(_below(field, found[1]), found[1], known, value=_entry(inner, found[1]))
    if found := _WORD.fullmatch(text):
        words = [word for one in kinds for word in _words(one)]
        return FieldError(field=field, message=f"{_subject(field)} {one_of(words, found[1])}", value=inner)
    but = f", not {shown(inner)}" if is_known and not is_key and not field.lower().endswith(SECRETS) else ""
    subject = f"Every name in {_subject(field)}" if is_key else _subject(field)
    said = _said(text, None if is_key else inner, but, is_text=is_text)
    return FieldError(field=field, message=f"{subject} {said}", value=inner)


def one_of(allowed: Sequence[str], word: str) -> str:
    """What is said of a word that is none of these, and which of them it may have meant; to follow its field's name."""
    return f"must be one of {', '.join(allowed)}, not {shown(word)}{_meant(word, allowed)}"


def unknown(field: str, word: str, known: Sequence[str], *, value: Any = None, noun: str = "field") -> FieldError:
    """A name that there is not; `known` are those that there are."""
    there_are = f"; there are {', '.join(known)}" if known else "; there are none"
    message = f"There is no {noun} {_cut(field)}{_meant(word, known) or there_are}"
    return FieldError(field=field, message=message, value=value)


def missing(field: str) -> FieldError:
    """A value that is needed and was not sent."""
    return FieldError(field=field, message=f"{field} is required", value=None)


def shown(value: Any) -> str:
    """A value within a sentence, shortened."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return _cut(str(value))
        case str():
            return f'"{_cut(value)}"'
        case dict():
            return "an object"
        case _:
            return "a list"


def _said(text: str, value: Any, but: str, *, is_text: bool) -> str:
    for pattern, said in _SAID:
        if found := pattern.fullmatch(text):
            return said(found, value, but)
    if found := _TYPE.fullmatch(text):
        if is_text and "int" in found[1].split(" | ") and isinstance(value, str) and _WHOLE.fullmatch(value):
            return f"is out of range{but}"
        kinds = [one for one in found[1].split(" | ") if not (is_text and one in {"null", "array", "object"})]
        return f"must be {' or '.join(_KINDS.get(one, one) for one in kinds)}{but}"
    return f"cannot be used: {text}"


def _length(found: re.Match[str], value: Any, _but: str) -> str:
    what, bound, count = found.groups()
    things = {"str": "characters", "array": "entries", "object": "entries", "bytes": "bytes"}[what]
    if (bound, count) == (">=", "1"):
        return "must not be empty"
    so_many = f", not {len(value)}" if isinstance(value, str | list | dict) else ""
    return f"must have {_BOUNDS[bound]} {count} {things}{so_many}"


_WHOLE = re.compile(r"-?[0-9]+")
"""What msgspec takes for a text where it has more than 64 bits."""
_TYPE = re.compile(r"Expected `([^`]+)`(?:, got `[^`]+`)?")
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_WORD = re.compile(r"Invalid (?:enum )?value ['\"]?(.*?)['\"]?", re.DOTALL)

_SAID: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Any, str], str]], ...] = (
    (
        re.compile(r"Expected `(?:int|float)` (>=|<=|>|<) (\S+)"),
        lambda found, _, but: f"must be {_BOUNDS[found[1]]} {found[2].removesuffix('.0')}{but}",
    ),
    (
        re.compile(r"Expected `(?:int|float)` that's a multiple of (\S+)"),
        lambda found, _, but: f"must be a multiple of {found[1]}{but}",
    ),
    (re.compile(r"Expected `(str|array|object|bytes)` of length (>=|<=) (\d+)"), _length),
    (
        re.compile(r"Expected `array` of (?:at (least|most) )?length ([\d to]+), got (\d+)"),
        lambda found, _, _but: f"must have {f'at {found[1]} ' if found[1] else ''}{found[2]} entries, not {found[3]}",
    ),
    (
        re.compile(r"Expected `str` matching regex '\^\[\^\\+u0000\]\*\$'"),
        lambda _, _value, _but: "must not hold the character NUL",
    ),
    (
        re.compile(r"Expected `str` matching regex (.*)", re.DOTALL),
        lambda found, _, but: f"must match {found[1][1:-1]}{but}",
    ),
    (
        re.compile(r"Expected `datetime` with a timezone component"),
        lambda _, _value, but: f"must say its offset from UTC, as {_MOMENT} does{but}",
    ),
    (
        re.compile(r"Invalid RFC3339 encoded datetime"),
        lambda _, _value, but: f"must be {_KINDS['datetime']}{but}",
    ),
    (re.compile(r"Invalid RFC3339 encoded date"), lambda _, _value, but: f"must be {_KINDS['date']}{but}"),
    (
        re.compile(r"(?:Integer value|Number|Timestamp is|Duration is) ?out of range ?"),
        lambda _, _value, but: f"is out of range{but}",
    ),
)
"""Messages of msgspec, and what is said to people instead, behind the value's name."""


def _subject(field: str) -> str:
    return _cut(field) or "The body"


def _below(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _split(text: str) -> tuple[str, list[str], bool]:
    """A message, the path that it speaks of, and whether it means a name there instead of a value."""
    found = _WHERE.search(text)
    if found is None:
        return text, [], False
    return text[: found.start()], [first or second for first, second in _STEP.findall(found[2])], bool(found[1])


def _meant(word: str, known: Sequence[str]) -> str:
    if len(word) > KNOWN_CHARACTERS:
        return ""
    lowered = {one.lower(): one for one in known}
    close = difflib.get_close_matches(word.lower(), lowered, n=1)
    return f"; did you mean {lowered[close[0]]}?" if close else ""


def _cut(text: str) -> str:
    return text if len(text) <= KNOWN_CHARACTERS else text[:KNOWN_CHARACTERS] + "…"


def _followed(value: Any, steps: Sequence[str]) -> tuple[Any, bool]:
    """What lies at a path, and whether that is known: msgspec does not name the keys of mappings."""
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None, False
    return value, True


def _entry(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _kinds(kind: Any, steps: Sequence[str]) -> list[msgspec.inspect.Type]:
    """All that a value at this path may be."""
    found = list(_flat(msgspec.inspect.type_info(kind)))
    for step in steps:
        found = [inner for one in found for part in _inside(one, step) for inner in _flat(part)]
    return found


def _flat(one: msgspec.inspect.Type) -> Iterator[msgspec.inspect.Type]:
    match one:
        case msgspec.inspect.Metadata():
            yield from _flat(one.type)
        case msgspec.inspect.UnionType():
            for part in one.types:
                yield from _flat(part)
        case _:
            yield one


def _inside(one: msgspec.inspect.Type, step: str) -> Iterator[msgspec.inspect.Type]:
    match one:
        case msgspec.inspect.StructType():
            yield from (field.type for field in one.fields if field.encode_name == step)
            if step == one.tag_field:
                yield msgspec.inspect.LiteralType(values=(one.tag,))
        case msgspec.inspect.DictType():
            yield one.value_type
        case msgspec.inspect.ListType() | msgspec.inspect.VarTupleType() | msgspec.inspect.SetType():
            yield one.item_type


def _fields(one: msgspec.inspect.Type) -> tuple[str, ...]:
    return tuple(field.encode_name for field in one.fields) if isinstance(one, msgspec.inspect.StructType) else ()


def _words(one: msgspec.inspect.Type) -> tuple[str, ...]:
    match one:
        case msgspec.inspect.LiteralType():
            return tuple(map(str, one.values))
        case msgspec.inspect.EnumType():
            return tuple(str(word.value) for word in one.cls)
        case _:
            return ()
