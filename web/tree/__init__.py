"""The tree of actors as clients see it: its nodes, its events, the feed they come by, its metrics."""
