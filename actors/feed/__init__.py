"""The live feed inside this process: one durable, numbered log, shared out to any number of clients."""

from actors.feed.feed import Feed, FeedStatistics, Log
from actors.feed.frame import Frame, encoded
from actors.feed.lag import SubscriptionStatistics
from actors.feed.outlet import Outlet
from actors.feed.subscription import Ending, Subscription

__all__ = [
    "Ending",
    "Feed",
    "FeedStatistics",
    "Frame",
    "Log",
    "Outlet",
    "Subscription",
    "SubscriptionStatistics",
    "encoded",
]
