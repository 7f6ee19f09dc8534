"""How much anybody may ask, and how much is done at once. Knows no framework; the envelope and the server apply it."""

from web.traffic.address import Networks, bucket_of, client_of, is_loopback, networks_of
from web.traffic.buckets import Buckets, MemoryBuckets
from web.traffic.gcra import Quota, Verdict
from web.traffic.policy import Policy
from web.traffic.room import FullError, Place, WaitingRoom
from web.traffic.traffic import Traffic

__all__ = [
    "Buckets",
    "FullError",
    "MemoryBuckets",
    "Networks",
    "Place",
    "Policy",
    "Quota",
    "Traffic",
    "Verdict",
    "WaitingRoom",
    "bucket_of",
    "client_of",
    "is_loopback",
    "networks_of",
]
