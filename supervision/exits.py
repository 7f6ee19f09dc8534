"""What a supervisor does when one of its children has ended. The rules are `restart.py`; here they are applied to the tree."""

from typing import TYPE_CHECKING

import trio

from supervision import report
from supervision.backoff import NONE, Backoff
from supervision.errors import ActorStoppedError, EscalatedError, StartError
from supervision.group import Group, Purpose
from supervision.node import Node, Phase
from supervision.restart import AutoShutdown, Exit, Reason, Restart, Strategy, Verdict, affected, verdict

if TYPE_CHECKING:
    from supervision.branch import Branch

# Failures in a row are forgotten after this where no backoff says when.
STEADY_AFTER_S = 60.0


def react(branch: "Branch", child: Node, exit_: Exit) -> None:
    """An incarnation has ended: as asked, or by itself."""
    asked = child.asked is not None or (child.group is not None and child in child.group.stops)
    was_ready, up_s = child.ready, trio.current_time() - (child.started_at_s or 0.0)
    child.down(exit_)
    child.failed = exit_.crash
    _count_failure(branch, child, exit_, up_s if was_ready else 0.0)
    report.exited(child, exit_)
    if exit_.reason is Reason.FATAL:
        branch.engine.fatal(exit_.error)
    if asked or branch.doomed:
        _ended_as_asked(branch, child, exit_)
    elif not was_ready and exit_.reason is Reason.DECLINED:
        _declined(branch, child)
    elif child.starter is not None:
        _failed_by_hand(branch, child, exit_)
    elif branch.phase is Phase.STARTING and not child.was_ready:
        branch.end(Exit(Reason.START_FAILED, _start_error(child, exit_)))
    else:
        _ended_by_itself(branch, child, exit_)
    branch.engine.check_really_ended(child)


def _count_failure(branch: "Branch", child: Node, exit_: Exit, up_s: float) -> None:
    reset_s = branch.spec.backoff.reset_after_s if branch.spec.backoff else STEADY_AFTER_S
    if up_s >= reset_s:
        child.failures = 0
    child.failures += exit_.crash


def _ended_as_asked(branch: "Branch", child: Node, exit_: Exit) -> None:
    group = child.group
    ending = branch.doomed
    gone = not ending and (
        child.spec.restart is Restart.TEMPORARY or child.leftover or (branch.dynamic and child.by_hand)
    )
    if child.by_hand or gone or ending or group is None:
        child.not_started(exit_.error or ActorStoppedError(child.path))
    if child.by_hand or gone:
        child.close(exit_.reason)
    if gone:
        child.by_hand = True  # no group starts it
        branch.forget(child)
    if group is not None:
        group.advance()


def _declined(branch: "Branch", child: Node) -> None:
    """It does not want to run: no failure, and not tried again until a group or a hand starts it."""
    child.resting = True
    child.started()
    child.close(Reason.DECLINED)
    if child.spec.restart is Restart.TEMPORARY or branch.dynamic:
        branch.forget(child)
    if child.group is not None:
        child.group.advance()


def _failed_by_hand(branch: "Branch", child: Node, exit_: Exit) -> None:
    """Whoever wanted the start gets its error; a new child is forgotten, an old one stays down."""
    child.not_started(_start_error(child, exit_))
    child.resting = True
    child.close(exit_.reason)
    if not child.was_ready and child.added:
        branch.forget(child)


def _ended_by_itself(branch: "Branch", child: Node, exit_: Exit) -> None:
    decision = verdict(child.spec.restart, exit_)
    if decision is Verdict.RESTART:
        _restart(branch, child, exit_)
        return
    child.resting = True
    child.close(exit_.reason)
    group = child.group
    if decision is Verdict.FORGET or branch.dynamic:
        branch.forget(child)
    if group is not None:
        group.advance()
    if child.spec.significant:
        _significant_ended(branch)


def _significant_ended(branch: "Branch") -> None:
    rule = branch.spec.auto_shutdown
    others = any(child.spec.significant and (child.live or child.group) for child in branch.children.values())
    if rule is AutoShutdown.ANY_SIGNIFICANT or (rule is AutoShutdown.ALL_SIGNIFICANT and not others):
        branch.end(Exit(Reason.AUTO_SHUTDOWN))


def _restart(branch: "Branch", child: Node, exit_: Exit) -> None:
    now = trio.current_time()
    if exit_.reason is not Reason.CANCELLED and not branch.budget.spend(now, child.name):
        _escalate(branch, child, exit_)
        return
    backoff: Backoff = branch.spec.backoff or NONE
    delay_s = backoff.delay_s(max(1, child.failures), key=f"{branch.engine.seed}/{child.path}/{child.incarnation}")
    group = Group(branch, Purpose.RESTART)
    members = _members(branch, child)
    for other in {member.group: None for member in members if member.group is not None}:
        group.join(other)
    group.join(Group(branch, Purpose.RESTART, stops=[m for m in members if m.live], starts=members))
    if delay_s > 0:
        group.due_s = max(group.due_s, now + delay_s)
        report.backing_off(child, delay_s)
    group.advance()


def _members(branch: "Branch", child: Node) -> list[Node]:
    if branch.spec.strategy in {Strategy.ONE_FOR_ONE, Strategy.DYNAMIC}:
        return [child]
    children = list(branch.children.values())
    members = [children[i] for i in affected(branch.spec.strategy, children.index(child), len(children))]
    members = [member for member in members if not member.by_hand]
    for member in members:
        if member.resting:
            member.resting = False
            member.open()
    return members


def _escalate(branch: "Branch", child: Node, exit_: Exit) -> None:
    cause = exit_.error
    if isinstance(cause, EscalatedError):
        cause = cause.__cause__
    limit = branch.spec.intensity
    times = "restart" if limit.restarts == 1 else "restarts"
    error = EscalatedError(
        branch.path, f"gave up after {limit.restarts} {times} within {limit.within_s:g} s, last of {child.path}"
    )
    error.__cause__ = cause
    report.escalated(branch, error)
    branch.end(Exit(Reason.ESCALATED, error))


def _start_error(child: Node, exit_: Exit) -> BaseException:
    if isinstance(exit_.error, StartError):
        return exit_.error
    error = StartError(child.path)
    error.__cause__ = exit_.error
    return error
