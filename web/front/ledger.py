"""What is written down of each request when it is over: a line in the access log, and figures in the metrics."""

from typing import Any

import structlog

from actors.metrics import Metrics
from web.exchange import Exchange
from web.logs import ACCESS

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/livez", "/readyz", "/health", "/metrics"})


class Ledger:
    """The account of all that is served. Make it when the log is set up; owns neither the log nor the metrics."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        # Bound once: to find the logger anew costs more than a line that nobody reads.
        self._log: Any = structlog.get_logger(ACCESS).bind()

    def close(self, current: Exchange, *, status: int | None, sent_bytes: int, is_whole: bool) -> None:
        """Write down an exchange.

        Args:
            current: which is over.
            status: of its answer; None where the client left before.
            sent_bytes: of the answer's body.
            is_whole: whether the answer came to its end.
        """
        elapsed_s = current.elapsed_s()
        self.metrics.answered(
            method=current.method if current.method in _METHODS else "other",
            status="left" if status is None else str(status),
            route=current.route,
            elapsed_s=elapsed_s,
            sent_bytes=sent_bytes,
        )
        say = self._log.debug if current.path in _QUIET else self._log.info
        say(
            "request",
            method=current.method,
            path=current.path,
            route=current.route,
            status=status,
            whole=is_whole,
            bytes=sent_bytes,
            ms=round(elapsed_s * 1000, 2),
            request_id=current.request_id,
            trace_id=current.trace.trace_id,
            client=current.client,
            user=current.caller and current.caller.name,
        )
