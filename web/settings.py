"""Where settings come from: a TOML file, the environment, and last the command line."""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import typed_settings

from actors.config import Config
from actors.errors import ConfigurationError

PREFIX = "ROOKERY_"
FILE_VARIABLE = "ROOKERY_CONFIG"
OF_COMMANDS = frozenset({FILE_VARIABLE, "ROOKERY_URL", "ROOKERY_TOKEN"})
"""Variables of the commands that talk to a service, which are no settings of one."""
OF_TESTS = "ROOKERY_TEST_"
NEAR = 0.85
"""How alike two names must be for one to be taken for a slip of the other; all begin alike."""

_UNREAD = re.compile(r"Could not convert value (.*) for option '(\w+)' from loader .*", re.DOTALL)
_REFUSED = re.compile(r"""Could not convert loaded settings: \w+\((["'])(.*)\1\)""", re.DOTALL)
"""How typed_settings speaks of what cannot be read as its type, and of what the setting itself refused."""
_KINDS: Mapping[object, str] = {int: "a whole number", float: "a number", bool: "true or false"}


def load_config(**given: Any) -> Config:
    """The settings of this process.

    From `[rookery]` in the TOML file that `ROOKERY_CONFIG` names (or `~/.config/rookery/rookery.toml`), then
    `ROOKERY_…` in the environment (several roots are separated by `:`), then `given`.

    Args:
        given: settings of the command line by name; None stands for not given, roots are added to those known.

    Raises:
        ConfigurationError: a value cannot be used, or the file cannot be read; the text names it.
    """
    named = os.environ.get(FILE_VARIABLE)
    if named and not os.path.isfile(named):  # False too where it may not be looked for
        raise ConfigurationError(f"{FILE_VARIABLE} names {named}, which is no file that can be read.")
    said = {name: value for name, value in given.items() if value is not None and name != "roots"}
    loaders: list[typed_settings.loaders.Loader] = [
        typed_settings.FileLoader(
            {"*.toml": typed_settings.TomlFormat("rookery")}, files=[_default_file()], env_var=FILE_VARIABLE
        ),
        typed_settings.EnvLoader(PREFIX),
        # With the others, since some settings need each other, wherever they are given.
        typed_settings.loaders.DictLoader(said),
    ]
    try:
        config = typed_settings.load_settings(Config, loaders)
        return attrs.evolve(config, roots=(*config.roots, *given.get("roots", ())))
    except typed_settings.exceptions.ConfigFileLoadError as error:
        files = " or ".join(filter(os.path.isfile, [str(_default_file()), named or ""]))
        raise ConfigurationError(f"{files} cannot be read as TOML: {error}.") from error
    except (typed_settings.exceptions.TsError, ValueError, TypeError, OSError) as error:
        raise ConfigurationError(f"A setting cannot be used: {'; '.join(_reasons(error))}") from error


def passed_over(environment: Mapping[str, str]) -> Iterator[str]:
    """What is said of each variable that looks like a setting and is none: its name, and the nearest that is one.

    No reason to refuse a start: others set such variables too, as Kubernetes does for every service called rookery.
    """
    known = {f"{PREFIX}{setting.name.upper()}" for setting in attrs.fields(Config)}
    for name in sorted(environment):
        if name.startswith(PREFIX) and not name.startswith(OF_TESTS) and name not in known | OF_COMMANDS:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=NEAR)
            hint = f"; did you mean {nearest[0]}?" if nearest else ""
            yield f"{name} is no setting and is passed over{hint}"


def _reasons(error: BaseException) -> Iterator[str]:
    if isinstance(error, BaseExceptionGroup):
        for inside in error.exceptions:
            yield from _reasons(inside)
    else:
        yield _plain(str(error))


def _plain(text: str) -> str:
    if found := _UNREAD.fullmatch(text):
        kind = _KINDS.get(attrs.fields_dict(Config)[found[2]].type)
        return f"'{found[2]}' must be {kind}, not {found[1]}" if kind else f"'{found[2]}' cannot be {found[1]}"
    if found := _REFUSED.fullmatch(text):
        return found[2]
    return text


def _default_file() -> Path:
    home = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".config"
    return base / "rookery" / "rookery.toml"
