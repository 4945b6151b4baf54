"""docs/configuration.md lists exactly the settings, commands and options of the program."""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from linkxg.cli import build
from linkxg.settings import describe

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "configuration.md").read_text()
HINT = "docs/configuration.md and the program differ: change the page with the program"


def table(section: str) -> list[tuple[str, str, str]]:
    """The rows of the three-column table in a piece of the page, without its head."""
    rows = [line.strip("|\n ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    # An empty cell leaves nothing between two bars.
    cells = [
        [cell.strip("| `") for cell in (row if len(row) == 3 else [row[0].split(" |")[0], "", row[-1]])] for row in rows
    ]
    return [(cell[0], cell[1], cell[2]) for cell in cells]


def sections(level: str) -> dict[str, str]:
    """The page's pieces by heading."""
    parts = re.split(rf"^{level} (.+)\n", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its full name."""
    inner = getattr(command, "commands", None)
    if not inner:
        yield name, command
    else:
        for part, one in inner.items():
            yield from commands(one, f"{name} {part}")


PROGRAM = dict(commands(typer.main.get_command(build()), "linkxg"))


def option_row(parameter: Any) -> tuple[str, str, str]:
    name = parameter.metavar if parameter.param_type_name == "argument" else parameter.opts[0]
    assert parameter.secondary_opts == [], f"{name} has an unwanted opposite {parameter.secondary_opts}"
    default = "" if parameter.default in (None, False) else str(parameter.default)
    return name, "required" if parameter.required else default, parameter.help


def test_every_setting_is_on_the_page() -> None:
    assert table(sections("##")["Settings"]) == describe(), HINT


def test_every_command_and_option_is_on_the_page() -> None:
    shown = {heading: part.partition("\n## ")[0] for heading, part in sections("###").items() if "linkxg" in heading}
    names = {heading: re.sub(r" [A-Z]+$", "", heading) for heading in shown}
    assert sorted(names.values()) == sorted(PROGRAM), HINT
    for heading, part in shown.items():
        command = PROGRAM[names[heading]]
        assert part.splitlines()[0] == command.help, HINT
        options = [option_row(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
        assert table(part) == options, (heading, HINT)
        arguments = [row[0] for row in table(part) if row[0].isupper()]
        assert heading == " ".join([names[heading], *arguments]), HINT


def test_the_exit_codes_are_on_the_page() -> None:
    found = re.findall(r"^\| (\d) \|", sections("##")["Exit codes"], flags=re.MULTILINE)
    assert found == ["0", "1", "2"]


def test_the_systemd_unit_runs_an_existing_command() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "deploy" / "linkxg.service")
    program, command, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/linkxg")
    known = {name for parameter in PROGRAM[f"linkxg {command}"].params for name in parameter.opts}
    assert {argument for argument in arguments if argument.startswith("--")} <= known
    assert unit["Service"]["StateDirectory"] == "linkxg"
    assert "/var/lib/linkxg" in arguments


def test_pages_that_name_commands_name_real_ones() -> None:
    known = {name.partition(" ")[2] for name in PROGRAM} | {name.split()[1] for name in PROGRAM}
    for page in ("docs/operations.md", "README.md", "SECURITY.md", "CONTRIBUTING.md", "docs/threat-model.md"):
        named = re.findall(r"`linkxg ((?:audit |keys |people )?[a-z-]+)", (ROOT / page).read_text())
        assert set(named) <= known, (page, set(named) - known)
        options = re.findall(
            r"linkxg ([a-z]+(?: (?:verify|list|rotate|retire|reset-link))?)[^\n`]*?(--[a-z-]+)",
            (ROOT / page).read_text(),
        )
        for command, option in options:
            offered = {name for parameter in PROGRAM[f"linkxg {command}"].params for name in parameter.opts}
            assert option in offered, (page, command, option)
