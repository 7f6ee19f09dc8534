"""The public names: all of them, and nothing else."""

import supervision
import supervision.testing


def test_public_names_are_exactly_these() -> None:
    assert sorted(supervision.__all__) == [
        "Actor",
        "ActorState",
        "ActorStatus",
        "ActorStoppedError",
        "AdministrationError",
        "AlreadyPresentError",
        "AlreadyRunningError",
        "AskTimeoutError",
        "AutoShutdown",
        "Backoff",
        "BreakerStatus",
        "Child",
        "CircuitBreaker",
        "CircuitOpenError",
        "CircuitState",
        "Context",
        "DeadLetter",
        "DeadlockError",
        "DeclineStart",
        "EscalatedError",
        "Event",
        "EventKind",
        "EventStream",
        "Failure",
        "InFlight",
        "Intensity",
        "Latency",
        "Mailbox",
        "MailboxFullError",
        "MessageFailedError",
        "NotFoundError",
        "Overflow",
        "Ref",
        "RefusedError",
        "Restart",
        "Running",
        "SendError",
        "Shutdown",
        "SpecError",
        "StartError",
        "Status",
        "Strategy",
        "SupervisionError",
        "Supervisor",
        "SupervisorStatus",
        "run",
    ]


def test_every_public_name_is_there_and_says_what_it_is() -> None:
    for package in (supervision, supervision.testing):
        for name in package.__all__:
            assert getattr(package, name).__doc__, name


def test_imports_only_trio_attrs_and_the_standard_library() -> None:
    import ast
    import sys
    from pathlib import Path

    allowed = {"trio", "attrs", "supervision", *sys.stdlib_module_names}
    for file in Path(supervision.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            else:
                continue
            assert {name.split(".")[0] for name in names} <= allowed, file
