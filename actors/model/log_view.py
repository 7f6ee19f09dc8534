"""A line of the log as clients see it."""

import msgspec

from actors.model.log_line import Heard, Scalar


class LogView(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of what the service logs; when it was written is the message's `timestamp`."""

    line: int
    """Counts the lines of this process, from 1. Who hears all of them and finds one left out, has lost it."""
    level: str
    """`debug`, `info`, `warning`, `error` or `critical`."""
    logger: str
    """Who logs, such as `rookery.cataloger`."""
    message: str
    """What happened; up to 2,000 characters."""
    request_id: str | None
    """Of the request that it is about, as its answer's `X-Request-ID` tells; null for none."""
    fields: dict[str, str | int | float | bool | None]
    """Its values, 32 at most, texts of up to 1,000 characters; what is cut ends with `…`."""
    traceback: str | None
    """Where an error came from that nobody foresaw; its end, where it is longer than 8,000 characters. Null for none."""
    dropped: int
    """Lines right before this one that were lost because more were written than taken; 0 as a rule."""


def log_view(heard: Heard) -> LogView:
    """One line, for one reader."""
    line = heard.entry.line
    fields: dict[str, Scalar] = dict(line.fields)
    return LogView(
        line=heard.entry.number,
        level=line.level.word,
        logger=line.logger,
        message=line.message,
        request_id=line.request_id,
        fields=fields,
        traceback=line.traceback,
        dropped=heard.dropped,
    )
