"""How far one client is behind. Values only."""

import attrs


@attrs.frozen(kw_only=True)
class SubscriptionStatistics:
    """What became of one client's messages since it subscribed, and what waits for it now.

    What is counted as sent was taken by the kernel of this machine; nobody here knows what the client has read.
    """

    seq: int
    """It was sent every event of its topics up to this number."""
    sent: int
    """Messages."""
    coalesced: int
    """Messages without a number that gave way to a newer one of their subject."""
    dropped: int
    """Messages without a number that were given up for want of room."""
    lag_messages: int
    """What it was not sent yet; of the log, where it still reads there, also what is not of its topics."""
    lag_bytes: int
    """Of those messages that are in memory."""
    lag_s: float
    """Age of the oldest of them; 0 when nothing waits."""
