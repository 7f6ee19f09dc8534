"""Whether a task's function says itself when it is ready. Reads code, runs none."""

import dis
import functools
import itertools
from collections.abc import Callable
from typing import Any

_READS = ("LOAD_ATTR", "LOAD_METHOD")


def says_ready(task: Callable[..., Any]) -> bool:
    """Whether the function's own text, or that of a function inside it, reads `.ready` of its context.

    The context is the parameter of that name, or else the last positional one that is not bound already. A function that only hands its
    context on to another is taken to say nothing, unless it is marked as wrapping the other (functools.wraps).
    """
    return _says(task, 0)


def _says(task: Callable[..., Any], bound: int) -> bool:
    function: Any = task
    while isinstance(function, functools.partial):
        bound += len(function.args)
        function = function.func
    if not hasattr(function, "__code__") and not hasattr(function, "__func__"):
        function = function.__call__
    if hasattr(function, "__func__"):
        bound += 1
        function = function.__func__
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    context = "context" if "context" in names else next(iter(names[bound:]), "")
    if _reads_ready(code, context):
        return True
    wrapped = getattr(function, "__wrapped__", None)
    return wrapped is not None and _says(wrapped, bound)


def _reads_ready(code: Any, context: str) -> bool:
    steps = list(dis.get_instructions(code))
    for first, second in itertools.pairwise(steps):
        # Newer Pythons load two variables in one step; the attribute is the last one's.
        loaded = first.argval[-1] if isinstance(first.argval, tuple) else first.argval
        from_variable = first.opname.startswith("LOAD_") and "ATTR" not in first.opname and "CONST" not in first.opname
        if from_variable and loaded == context and second.opname in _READS and second.argval == "ready":
            return True
    return any(_reads_ready(inner, context) for inner in code.co_consts if hasattr(inner, "co_code"))
