"""Every check of the project. `nox` alone runs all that a change must pass."""

from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "layers", "tests", "contract_short"]
nox.options.reuse_existing_virtualenvs = True

CONSTRAINTS = ("-c", "constraints.txt")
TWO_AT_ONCE = ("-n", "2", "--dist", "loadfile")
PROJECT = nox.project.load_toml("pyproject.toml")


def install(session: nox.Session, *groups: str) -> None:
    """The project itself, editable, with the named dependency groups, at the versions of constraints.txt."""
    session.install(*CONSTRAINTS, *nox.project.dependency_groups(PROJECT, *groups), "-e", ".")


@nox.session
def lint(session: nox.Session) -> None:
    """Style and format."""
    session.install(*CONSTRAINTS, *nox.project.dependency_groups(PROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict, over all three packages."""
    install(session, "types", "tests")
    session.run("mypy")


@nox.session
def layers(session: nox.Session) -> None:
    """Who may import whom."""
    install(session, "layers")
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, on real parts, with coverage; in two processes, and those of one file in one of them, since they share a database."""
    install(session, "tests")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *TWO_AT_ONCE, *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session
def stock(session: nox.Session) -> None:
    """The web and the flows over Hypercorn's own protocols, which `--server hypercorn` chooses, in place of the lane."""
    install(session, "tests")
    session.run(
        "python",
        "-m",
        "pytest",
        *TWO_AT_ONCE,
        *(session.posargs or ("tests/web", "tests/flow")),
        env={"ROOKERY_SERVER": "hypercorn"},
    )


@nox.session
def redis(session: nox.Session) -> None:
    """What a shared Redis keeps; demands the program redis-server, without which the other sessions leave these tests out."""
    install(session, "tests")
    session.run("python", "-m", "pytest", "-m", "redis", "--demand-redis", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """The page in a real browser, whose server is restarted and killed; demands the program chromium."""
    install(session, "tests")
    session.run("python", "-m", "pytest", "-m", "browser", "--demand-browser", *session.posargs)


@nox.session
def contract(session: nox.Session) -> None:
    """The OpenAPI document against a running server: all checks and phases, good and bad input; some minutes."""
    install(session, "contract")
    session.run("python", "-m", "tests.document.run", "--whole")


@nox.session
def contract_short(session: nox.Session) -> None:
    """The same with good input alone, and the same every time."""
    install(session, "contract")
    session.run("python", "-m", "tests.document.run")


@nox.session
def external(session: nox.Session) -> None:
    """The store and the interface on a PostgreSQL that is not Rookery's own: Debian's, in a cluster to throw away."""
    install(session, "tests")
    pytest = ("python", "-m", "tests.external", "python", "-m", "pytest")
    session.run(*pytest, *(session.posargs or ("tests/actors/store", "tests/contracts", "tests/web")))


@nox.session
def docs(session: nox.Session) -> None:
    """Every example in docs: the scripts, and the listings of the guides."""
    install(session, "tests")
    session.run(
        "python",
        "-m",
        "pytest",
        "tests/shape/test_examples.py",
        "tests/supervision/suites/test_guide.py",
        *session.posargs,
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Speed, as ratios against rivals in the same run; writes docs/benchmarks.md. TriOTP is tied to an old Trio: it has an environment of its own."""
    install(session, "tests", "bench")
    triotp = Path(session.create_tmp()) / "triotp"
    session.run("python", "-m", "venv", str(triotp))
    session.run(str(triotp / "bin/pip"), "install", "--quiet", "-r", "tests/benchmarks/peers/triotp.txt", external=True)
    session.run(
        "python", "-m", "tests.benchmarks.run", *session.posargs, env={"TRIOTP_PYTHON": str(triotp / "bin/python")}
    )
