"""How the process logs: one line for each event, on standard error, for people or for machines."""

import logging
import sys
import threading

import structlog

from actors.config import Config
from actors.errors import RookeryError
from actors.journal import Journal
from web.log_lines import line_of

ACCESS = "rookery.access"
"""The logger of what is asked and answered."""
FAILED = 500
"""From this status on the fault is ours."""
CHATTY = ("watchfiles", "hypercorn.access", "hypercorn.error", "PIL", "asyncio", "hpack")
"""Libraries whose small talk nobody asks for; that of `hpack` is every header of HTTP/2, with the tokens in them."""


class JournalHandler(logging.Handler):
    """Puts what is logged into a journal. Holds no lock while it does, and fails nobody: what cannot be kept is counted."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal
        self._inside = threading.local()

    def handle(self, record: logging.LogRecord) -> bool:
        """Keep one record. What showing one of its values logs is lost, or it might go on for ever."""
        if getattr(self._inside, "is_busy", False):
            self._journal.lose()
            return False
        self._inside.is_busy = True
        try:
            self._journal.add(line_of(record))
        except Exception:  # noqa: BLE001 — whoever logs must not fail by it, and nobody is left to tell
            self._journal.lose()
            return False
        finally:
            self._inside.is_busy = False
        return True


def configure_logs(config: Config, journal: Journal | None = None) -> None:
    """Send structlog's and the standard library's records through one formatter at the configured level.

    A line never breaks, whatever a file's name holds: control characters are escaped.

    Args:
        config: the level and the format.
        journal: keeps the same for those who look from elsewhere.
    """
    shared: list[structlog.typing.Processor] = [
        _without_foreseen_traceback,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso" if config.log_format == "json" else "%Y-%m-%d %H:%M:%SZ", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    final: list[structlog.typing.Processor]
    if config.log_format == "json":
        # Locals may hold what no log should, such as the password of a database.
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        final = [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()]
    else:
        final = [
            _short,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), pad_event_to=24, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler] if journal is None else [handler, JournalHandler(journal)]
    root.setLevel(config.log_level.upper())
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # What nobody reads costs nothing.
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
    )


def _short(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A request as a line that fits a terminal; what only programs look up is for JSON, unless the request failed."""
    if event.get("logger") != ACCESS or event["event"] != "request":
        return event
    status = event.pop("status")
    event["event"] = f"{event.pop('method')} {event.pop('path')} {status or 'left'}"
    is_usual = status is not None and status < FAILED
    wordless = {"route", "trace_id", *({"request_id"} if is_usual else ()), *({"whole"} if event.get("whole") else ())}
    return {name: value for name, value in event.items() if name not in wordless and value is not None}


def _without_foreseen_traceback(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What Rookery itself refuses says all in its text; a traceback is for what nobody foresaw."""
    info = event.get("exc_info")
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, RookeryError):
        del event["exc_info"]
    return event
