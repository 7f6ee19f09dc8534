"""Which cases Pekko's typed SupervisionSpec and WatchSpec have, and those of them that have no meaning here.

The others stand at the head of the tests. "stubbed" are those of SupervisionSpec's first part, which names some as the second does,
"watch" those of WatchSpec.
"""

NAME = "SupervisionSpec and WatchSpec of Pekko 1.1"
COUNT = 79 + 12

_KINDS = "a supervisor has one strategy for every error; an actor that knows better what to do about one catches it"
_RESUME = "an error that `receive` lets out ends the incarnation; what an actor can go on after, it catches"
_REPLACED = "a supervisor is fixed; an actor does not bring its own by changing its behavior"
_BEHAVIOR = "an actor is made by its factory alone, and is given its context: it cannot be made with a wrong one"

_WATCH = "watching is an await: nothing is registered, redefined or taken back, and what follows is the next line"

WITHOUT_MEANING = {
    "stubbed: stop when unhandled exception": _KINDS,
    "stubbed: support nesting supervise": _KINDS,
    "stubbed: support flatten supervise": _KINDS,
    "stubbed: resume when handled exception": _RESUME,
    "stop when unhandled exception": _KINDS,
    "support nesting exceptions with different strategies": _KINDS,
    "support flattening exceptions with different strategies": _KINDS,
    "support nesting exceptions with outer restart and inner backoff strategies": _KINDS,
    "support flattening exceptions with outer restart and inner backoff strategies": _KINDS,
    "support nesting exceptions with inner restart and outer backoff strategies": _KINDS,
    "support flattening exceptions with inner restart and outer backoff strategies": _KINDS,
    "support nesting to handle different exceptions": _KINDS,
    "handle reset backoff count for more than one nested restartWithBackoff": _KINDS,
    "handle reset backoff count for more than one flatten restartWithBackoff": _KINDS,
    "apply the right nested supervision": _KINDS,
    "apply the right flatten supervision": _KINDS,
    "work with flatten supervisions and defers": _KINDS,
    "resume when handled exception": _RESUME,
    "fail to resume when deferred factory throws": _RESUME,
    "replace supervision when new returned behavior catches same exception": _REPLACED,
    "replace supervision when new returned behavior catches same exception nested in other behaviors": _REPLACED,
    "replace backoff supervision duplicate when behavior is created in a setup": _REPLACED,
    "default resetBackoffAfter to average of min and max backoff": "the default is a minute, whatever the delays are",
    "do not log exceptions when logging is enabled and provided log level does not match": "levels are not chosen per strategy",
    "not allow AbstractBehavior without setup": _BEHAVIOR,
    "detect AbstractBehavior with wrong ActorContext": _BEHAVIOR,
    "successfully restart after stopping watchWith'd children": _WATCH,
    "watch: get notified of actor termination with a custom message": _WATCH,
    "watch: allow idempotent invocations of watchWith with matching msgs": _WATCH,
    "watch: allow watch message definition after watch using unwatch": _WATCH,
    "watch: allow watch message redefinition using unwatch": _WATCH,
    "watch: fail when watch is used after watchWith on same subject": _WATCH,
    "watch: fail when watchWitch is used after watchWith with different termination message": _WATCH,
    "watch: fail when watchWith is used after watch on same subject": _WATCH,
}  # fmt: skip
