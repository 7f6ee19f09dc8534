"""Every metric of the service, in two tables.

| counted as it happens            | kind      | labels         | meaning                                                |
|----------------------------------|-----------|----------------|--------------------------------------------------------|
| rookery_http_requests_total      | counter   | method, status | answered requests                                      |
| rookery_http_request_seconds     | histogram | method, route  | from the whole head to the last byte handed over       |
| rookery_http_response_bytes_total| counter   |                | bodies, without heads                                  |
| rookery_http_requests_open       | gauge     |                | requests being answered now, streams included          |

| read when somebody asks                     | labels        | meaning                                       |
|---------------------------------------------|---------------|-----------------------------------------------|
| rookery_info, _uptime_seconds               | version       | the service                                   |
| rookery_child_…, _supervisor_…, _mailbox_…, _message…, _breaker_…, _supervision_events_total | path | the tree: `web/tree/metrics.py` |
| rookery_database_up, _connections, _connections_most, _retries_total | state | the database and its pool |
| rookery_feed_connections, _left_total       | kind, cause   | who is on the live feed, and why others left  |
| rookery_feed_subscribers, _newest, _published_total, _passing_total, _sent_total, _coalesced_total, _dropped_total, _resyncs_total, _too_slow_total, _waiting_bytes, _most_waiting_bytes, _most_lag_seconds | | the live feed |
| rookery_log_lines_total, _lost_total        |               | the log, as it is told to who listens         |
| rookery_cache_…, rookery_redis_up           | outcome       | kept answers, and the Redis they may lie in   |
| rookery_requests, _turned_away_total        | state         | the waiting room                              |
| rookery_stage_rate                          | stage         | what passes each actor of the pipeline        |
| rookery_tracks, rookery_tracks_waiting      |               | the catalogue, and what waits for analysis    |

docs/operating.md has the whole list for those who watch.
"""

from collections.abc import Iterable, Mapping
from math import inf

import attrs
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

Labels = Mapping[str, str]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@attrs.frozen(kw_only=True)
class Family:
    """One metric that is read when somebody asks; its name ends in `_total` if it only grows."""

    name: str
    meaning: str
    samples: tuple[tuple[Labels, float], ...]


@attrs.frozen(kw_only=True)
class Spread:
    """One histogram of that kind; for each set of labels the buckets (upper bound, how many are no larger; the last is infinite) and the sum."""

    name: str
    meaning: str
    samples: tuple[tuple[Labels, tuple[tuple[float, float], ...], float], ...]


class Metrics:
    """What is counted as it happens. One value per service, handed down; nothing is global."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "rookery_http_requests", "Answered requests.", ["method", "status"], registry=self._registry
        )
        self.seconds = Histogram(
            "rookery_http_request_seconds",
            "From the whole head to the last byte handed over.",
            ["method", "route"],
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self.sent = Counter("rookery_http_response_bytes", "Bodies, without heads.", registry=self._registry)
        self._counters: dict[tuple[str, str], Counter] = {}
        self._spreads: dict[tuple[str, str], Histogram] = {}
        self.open = Gauge("rookery_http_requests_open", "Requests being answered now.", registry=self._registry)

    def answered(self, *, method: str, status: str, route: str, elapsed_s: float, sent_bytes: int) -> None:
        """Count one request that is over."""
        # To look a child up by its labels costs more than to count.
        counter = self._counters.get((method, status))
        if counter is None:
            counter = self._counters[method, status] = self.requests.labels(method, status)
        spread = self._spreads.get((method, route))
        if spread is None:
            spread = self._spreads[method, route] = self.seconds.labels(method, route)
        counter.inc()
        spread.observe(elapsed_s)
        self.sent.inc(sent_bytes)

    def exposition(self, families: Iterable[Family | Spread]) -> bytes:
        """Everything in the Prometheus text format; `families` are what was read for this answer."""
        return generate_latest(_Reading(self.collected(families)))

    def collected(self, families: Iterable[Family | Spread]) -> tuple[Metric, ...]:
        """The same as values."""
        return (*self._registry.collect(), *(_metric(family) for family in families))


def _metric(family: Family | Spread) -> Metric:
    names = tuple(family.samples[0][0]) if family.samples else ()
    if isinstance(family, Spread):
        histogram = HistogramMetricFamily(family.name, family.meaning, labels=names)
        for labels, buckets, total in family.samples:
            bounds = [("+Inf" if upper == inf else str(upper), number) for upper, number in buckets]
            histogram.add_metric([labels[name] for name in names], bounds, total)
        return histogram
    kind = CounterMetricFamily if family.name.endswith("_total") else GaugeMetricFamily
    metric = kind(family.name.removesuffix("_total"), family.meaning, labels=names)
    for labels, value in family.samples:
        metric.add_metric([labels[name] for name in names], value)
    return metric


class _Reading(CollectorRegistry):
    """A registry that holds exactly what was read."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        super().__init__()
        self._metrics = tuple(metrics)

    def collect(self) -> Iterable[Metric]:
        return iter(self._metrics)
