"""Parts of a supervision tree, as `/api/v1/supervision` gives them."""


def actor(name, state="running", **others):
    """One actor in health."""
    node = {
        "kind": "actor",
        "path": f"rookery/{name}",
        "name": name,
        "state": state,
        "incarnation": 1,
        "uptime": 61.0,
        "restarts": 0,
        "restartsInWindow": 0,
        "restartsRemaining": 3,
        "escalatesAfter": "escalates after 4 more within 5 s",
        "failuresInRow": 0,
        "lastError": None,
        "mailbox": {"depth": 0, "capacity": 100, "highWater": 0, "waitingSenders": 0},
        "messages": {
            "handled": 0,
            "failed": 0,
            "dropped": 0,
            "redelivered": 0,
            "quarantined": 0,
            "lateAnswers": 0,
            "deadLetters": 0,
            "ratePerSecond": 0.0,
        },
        "latency": None,
        "waitingFor": [],
        "breakers": [],
        "stack": None,
    }
    return {**node, **others}


def supervisor(name, *children, **others):
    """One supervisor in health."""
    node = {
        "kind": "supervisor",
        "path": name,
        "name": name,
        "state": "running",
        "incarnation": 1,
        "uptime": 3_700.0,
        "strategy": "one_for_one",
        "restartsInWindow": 0,
        "restartsRemaining": 3,
        "escalatesAfter": "escalates after 4 more within 5 s",
        "lastError": None,
        "children": list(children),
    }
    return {**node, **others}


def event(kind, path, **others):
    """One thing that happened."""
    told = {"kind": kind, "path": path, "at": "2026-01-01T10:00:00Z", "incarnation": 1}
    return {**told, "reason": None, "error": None, "delay": None, "message": None, **others}
