"""`linkxg secrets scan` finds every kind of credential, wherever it is in a file, and prints none."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from harness.vault import with_a_typo
from linkxg.crypto import secrets
from linkxg.crypto.find_secrets import KINDS
from linkxg.crypto.refresh_tokens import new_refresh_token
from linkxg.ids import CLIENT_ID_PREFIX, uuid7

ROOT = Path(__file__).parents[2]
GITLEAKS = ROOT / "deploy" / "secret-scanning" / "gitleaks.toml"
PREFIXES = sorted(set(KINDS) - {secrets.REFRESH_TOKEN})


def made(prefix: str) -> str:
    if prefix == secrets.REFRESH_TOKEN:
        return new_refresh_token(b"k" * 32, uuid7(), 0)
    return secrets.new_secret(prefix)


def scan(*arguments: str | Path, stdin: bytes = b"", code: int = 1) -> tuple[list[str], str]:
    """The lines of standard output, and standard error."""
    command = [sys.executable, "-m", "linkxg", "secrets", "scan", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60)
    assert done.returncode == code, done
    return done.stdout.decode().splitlines(), done.stderr.decode()


def found(*arguments: str | Path) -> list[dict[str, Any]]:
    reported: list[dict[str, Any]] = json.loads("\n".join(scan("--json", *arguments)[0]))
    return reported


def test_every_kind_is_found_by_line_and_column_and_none_is_printed(tmp_path: Path) -> None:
    credentials = {kind: made(prefix) for prefix, kind in KINDS.items()}
    for kind, credential in credentials.items():
        (tmp_path / kind).write_text(f"first line\nSECRET={credential}\n")
    lines, errors = scan(tmp_path)
    said = "\n".join(lines)
    assert not [kind for kind, credential in credentials.items() if credential in said + errors]
    expected = {f"{tmp_path}/{kind}:2:8: {kind}" for kind in credentials}
    assert {line.rpartition(" ")[0] for line in lines} == expected
    assert "Revoke or rotate" in errors


def test_every_prefix_of_the_program_is_a_kind() -> None:
    text = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    assert set(re.findall(r'"(lxg[a-z]{3}_)"', text)) == KINDS.keys() | {CLIENT_ID_PREFIX}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_a_credential_is_found_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "settings.ps1"
    file.write_bytes(f"# Schlüssel\r\n$secret = '{made(secrets.CLIENT_SECRET)}'\r\n".encode(encoding))
    assert [(one["line"], one["kind"]) for one in found(file)] == [(2, "client secret")]


@pytest.mark.parametrize("before", [0, 2**20 - 56, 2**20 - 30, 2**20 - 1, 2**20, 2**20 + 3, 2**21 - 7])
def test_a_credential_is_found_once_at_the_edge_of_a_chunk(tmp_path: Path, before: int) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"x" * before + made(secrets.CLIENT_SECRET).encode() + b"y" * 300)
    assert [(one["line"], one["column"]) for one in found(file)] == [(1, before + 1)]


def test_two_credentials_without_a_gap_are_both_found(tmp_path: Path) -> None:
    file = tmp_path / "joined"
    file.write_text(made(secrets.CLIENT_SECRET) + made(secrets.SCIM_TOKEN))
    assert [one["kind"] for one in found(file)] == ["client secret", "SCIM token"]


def test_what_only_resembles_a_credential_is_not_reported(tmp_path: Path) -> None:
    secret = made(secrets.CLIENT_SECRET)
    texts = [
        with_a_typo(secret),
        secret[:-1],
        secret.replace("lxgsec_", "lxgxyz_"),
        "lxgsec_8sKp...",
        "lxgref_" + "g" * 104,
    ]
    (tmp_path / "readme").write_text("\n".join(texts))
    assert scan(tmp_path, code=0) == ([], "")


def test_a_prefix_that_resembles_a_credential_hides_none(tmp_path: Path) -> None:
    secret = made(secrets.CLIENT_SECRET)
    (tmp_path / "log").write_text("lxgsec_" + "a" * 43 + secret)
    assert [one["column"] for one in found(tmp_path)] == [51]


def test_our_own_repository_has_none() -> None:
    tracked = [ROOT / name for name in ("src", "docs", "deploy", "README.md", "CONTRIBUTING.md", "SECURITY.md")]
    assert scan(*tracked, code=0)[0] == []


def test_standard_input_is_scanned() -> None:
    lines, _ = scan("-", stdin=f"+ {made(secrets.CLIENT_SECRET)}\n".encode())
    assert [line.rpartition(" ")[0] for line in lines] == ["-:1:3: client secret"]


def test_links_and_devices_in_a_directory_are_left_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text(made(secrets.CLIENT_SECRET))
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(outside)
    (inside / "loop").symlink_to(inside)
    os.mkfifo(inside / "pipe")
    assert scan(inside, code=0) == ([], "")


def test_a_file_that_cannot_be_read_is_said_and_the_others_are_scanned(tmp_path: Path) -> None:
    (tmp_path / "there").write_text(made(secrets.CLIENT_SECRET))
    lines, errors = scan(tmp_path / "missing", tmp_path / "there")
    assert len(lines) == 1
    assert "missing: No such file or directory" in errors
    assert scan(tmp_path / "missing", code=1)[0] == []


def test_a_name_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    name = os.fsdecode(b"a\x1b[2J\xff\n")
    (tmp_path / name).write_text(made(secrets.CLIENT_SECRET))
    lines, _ = scan(tmp_path)
    assert lines[0].startswith(f"{tmp_path}/a\\x1b[2J\\xff\\x0a:1:1: ")


@pytest.mark.parametrize("prefix", sorted(KINDS))
def test_the_rules_for_gitleaks_match_every_kind(prefix: str) -> None:
    rules = tomllib.loads(GITLEAKS.read_text())["rules"]
    (rule,) = [one for one in rules if one["keywords"] == [prefix]]
    assert rule["id"] == f"linkxg-{KINDS[prefix].replace(' ', '-').lower()}"
    assert re.search(rule["regex"], f"SECRET={made(prefix)};")
    assert not re.search(rule["regex"], made(prefix)[:-1])


def test_gitleaks_finds_a_client_secret(tmp_path: Path) -> None:
    gitleaks = shutil.which("gitleaks")
    if gitleaks is None:
        pytest.skip("there is no gitleaks here")
    (tmp_path / "settings.env").write_text(f"SECRET={made(secrets.CLIENT_SECRET)}\n")
    command = [gitleaks, "dir", "--config", str(GITLEAKS), "--no-banner", "--redact", "--exit-code", "7", str(tmp_path)]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 7


def test_the_patterns_of_the_documentation_are_those_of_the_rules() -> None:
    rules = tomllib.loads(GITLEAKS.read_text())["rules"]
    page = (ROOT / "docs" / "secret-scanning.md").read_text()
    patterns = re.findall(r"^lxg.*$", page, re.MULTILINE)
    assert [sum(bool(re.fullmatch(one, made(prefix))) for one in patterns) for prefix in KINDS] == [1] * len(KINDS)
    assert len(rules) == len(KINDS)
