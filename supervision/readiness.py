"""Whether a task says itself when it is ready. Reads code, runs none.

The tree must know this before the task has run: one that will call `context.ready()` is waited for, one that never will must not be.
"""

import ast
import dis
import functools
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

_READS = ("LOAD_ATTR", "LOAD_METHOD")


def says_ready(task: Callable[..., Any]) -> bool:
    """Whether the task, or a function that it hands its context on to, reads `.ready` of it.

    The context is the parameter of that name, or else the last positional one that is not bound already. Followed are calls, also
    through `start_soon`, `start` and `partial`, of functions that can be named from there: of a module, of the task's own object, or
    around and inside it; and what a decorator has marked as wrapped (functools.wraps). What a container or another object calls is not seen; such a task says it best by reading `context.ready`
    itself, to hand on.
    """
    return _task_says(task, 0)


def _task_says(task: Callable[..., Any], bound: int) -> bool:
    function: Any = task
    while isinstance(function, functools.partial):
        bound += len(function.args)
        function = function.func
    if not isinstance(function, FunctionType | MethodType):
        function = function.__call__
    names = _parameters(function)
    if _says(function, "context" if "context" in names else next(iter(names[bound:]), ""), set()):
        return True
    wrapped = getattr(function, "__wrapped__", None)
    return wrapped is not None and _task_says(wrapped, bound + isinstance(function, MethodType))


def _parameters(function: Any) -> tuple[str, ...]:
    code = function.__code__
    return tuple(code.co_varnames[isinstance(function, MethodType) : code.co_argcount])


def _says(function: Any, context: str, seen: set[tuple[CodeType, str]]) -> bool:
    code = function.__code__
    if (code, context) in seen:
        return False
    seen.add((code, context))
    return _reads_ready(code, context) or any(_says(*handed, seen) for handed in _handed_on(function, context))


def _reads_ready(code: CodeType, context: str) -> bool:
    steps = list(dis.get_instructions(code))
    for first, second in itertools.pairwise(steps):
        # Newer Pythons load two variables in one step; the attribute is the last one's.
        loaded = first.argval[-1] if isinstance(first.argval, tuple) else first.argval
        from_variable = first.opname.startswith("LOAD_") and "ATTR" not in first.opname and "CONST" not in first.opname
        if from_variable and loaded == context and second.opname in _READS and second.argval == "ready":
            return True
    return any(_reads_ready(inner, context) for inner in code.co_consts if isinstance(inner, CodeType))


def _handed_on(function: Any, context: str) -> Iterator[tuple[Any, str]]:
    """Functions that are given the context here, and their names for it."""
    for call in _calls(function.__code__):
        # What is called may itself be given first, as to start_soon and partial.
        given = [call.func, *call.args]
        for place, argument in enumerate(given):
            if _is_name(argument, context):
                yield from _receivers(function, given[:place])
        for keyword in call.keywords:
            called = _named(call.func, function) or (_named(call.args[0], function) if call.args else None)
            if called is not None and keyword.arg in _parameters(called) and _is_name(keyword.value, context):
                yield called, str(keyword.arg)


@functools.lru_cache(maxsize=1000)
def _calls(code: CodeType) -> tuple[ast.Call, ...]:
    """All calls in the text of a function; none where its source is not at hand."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, TypeError, SyntaxError):
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _is_name(expression: ast.expr, name: str) -> bool:
    return isinstance(expression, ast.Name) and expression.id == name


def _receivers(function: Any, before: list[ast.expr]) -> Iterator[tuple[Any, str]]:
    for place, expression in enumerate(before):
        called = _named(expression, function)
        names = _parameters(called) if called is not None else ()
        position = len(before) - place - 1
        if position < len(names):
            yield called, names[position]


def _named(expression: ast.expr, function: Any) -> Any:
    """The function that the expression names in there, None if it is none."""
    named = _value(expression, function)
    return named if isinstance(named, FunctionType | MethodType) else None


def _value(expression: ast.expr, function: Any) -> Any:
    if isinstance(expression, ast.Attribute):
        owner = _value(expression.value, function)
        found = inspect.getattr_static(owner, expression.attr, None)
        bound = isinstance(found, FunctionType) and not isinstance(owner, type | ModuleType)
        return MethodType(found, owner) if bound and owner is not None else found
    if not isinstance(expression, ast.Name):
        return None
    name, plain = expression.id, inspect.unwrap(getattr(function, "__func__", function))
    if isinstance(function, MethodType) and name == plain.__code__.co_varnames[0]:
        return function.__self__
    for inner in plain.__code__.co_consts:
        if isinstance(inner, CodeType) and inner.co_name == name and not inner.co_freevars:
            return FunctionType(inner, plain.__globals__)
    around = dict(zip(plain.__code__.co_freevars, plain.__closure__ or (), strict=True))
    try:
        return around[name].cell_contents if name in around else plain.__globals__.get(name)
    except ValueError:  # not yet bound
        return None
