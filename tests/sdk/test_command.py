"""The command `linkxg-client`, as a process."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.client_assertions import add_key, set_methods
from harness.client_certificates import ClientCertificate
from harness.clients import OAuthClient, make_resource_server
from harness.people import me
from harness.token_forge import decode_unverified
from harness.world import World
from linkxg_client import Secret, SecretFile
from sdk import readme

pytestmark = pytest.mark.any_engine
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config"


@pytest.fixture
def run(world: World, config: Path, tmp_path: Path) -> Run:
    """Runs the command of somebody who has stored nothing yet."""

    def call(*arguments: str, stdin: str = "", expect: int = 0, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = readme.environment(LINKXG_URL=world.server.url, LINKXG_CONFIG_DIR=str(config), **settings)
        done = subprocess.run(
            [sys.executable, "-c", "from linkxg_client.main import main; main()", *arguments],
            input=stdin, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == expect, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return call


def test_a_client_logs_in_and_works(world: World, oauth: OAuthClient, run: Run, config: Path, tmp_path: Path) -> None:
    run("login", "--client-id", oauth.client_id, "--stdin", stdin=oauth.client_secret + "\n")
    assert {stat.S_IMODE(path.stat().st_mode) for path in config.iterdir()} == {0o600}
    about = json.loads(run("whoami", "--json").stdout)
    assert (about["clientId"], len(about["scopes"])) == (oauth.client_id, 7)
    assert oauth.client_id in run("whoami").stdout

    (tmp_path / "products.csv").write_text("sku,name\nCMD-1,Drill\nCMD-2,[bold]Saw[/bold]\n")
    dry = json.loads(run("import", "products.csv", "--dry-run", "--json").stdout)
    assert (dry["dryRun"], dry["created"]) == (True, 2)
    run("import", "products.csv")
    assert "[bold]Saw[/bold]" in run("products", "list", "--q", "CMD-2").stdout
    listed = json.loads(run("products", "list", "--q", "CMD-", "--json").stdout)
    assert [each["sku"] for each in listed] == ["CMD-1", "CMD-2"]
    assert {"latestVersion", "updatedAt"} <= listed[0].keys()
    assert len(json.loads(run("products", "list", "--limit", "1", "--json").stdout)) == 1

    token = run("token", "--scope", "products:read").stdout.strip()
    world.api.get("/products", bearer=world.vault.remember("access token", token)).expect(200)

    before = (config / "client-secret").read_text()
    assert json.loads(run("rotate", "--json").stdout)["rotated"]
    assert (config / "client-secret").read_text() != before
    run("whoami")
    run("logout")
    assert not (config / "client-secret").exists()
    assert "login first" in run("whoami", expect=1).stderr


def test_what_is_exported_can_be_imported(oauth: OAuthClient, run: Run, tmp_path: Path) -> None:
    environment = {"LINKXG_CLIENT_ID": oauth.client_id, "LINKXG_CLIENT_SECRET": oauth.client_secret}
    (tmp_path / "new.ndjson").write_text('{"sku": "EXP-1", "content": {"name": "=1+1", "attributes": {"volt": 18}}}\n')
    run("import", "new.ndjson", **environment)
    run("export", "-o", "all.ndjson", **environment)
    # Other tests have products of their own in the account.
    (own,) = [line for line in (tmp_path / "all.ndjson").read_text().splitlines() if '"EXP-1"' in line]
    (tmp_path / "own.ndjson").write_text(own + "\n")
    again = json.loads(run("import", "own.ndjson", "--json", **environment).stdout)
    assert (again["created"], again["updated"], again["unchanged"], again["failed"]) == (0, 0, 1, 0)
    assert json.loads(run("export", "--format", "json", **environment).stdout)
    assert "'=1+1" in run("export", "--format", "csv", **environment).stdout


def test_an_import_says_why_rows_were_rejected(oauth: OAuthClient, run: Run, tmp_path: Path) -> None:
    environment = {"LINKXG_CLIENT_ID": oauth.client_id, "LINKXG_CLIENT_SECRET": oauth.client_secret}
    rows = [f"WHY-{number},," for number in range(7)]
    (tmp_path / "bad.csv").write_text("\n".join(["sku,name,countryOfProduction", "WHY-8,Drill,Narnia", *rows]) + "\n")
    for options in ((), ("--json",), ("--dry-run",)):
        done = run("import", "bad.csv", *options, expect=1, **environment)
        told = done.stderr.splitlines()
        assert told[0] == "Row 1, countryOfProduction: Unknown country code; use ISO 3166-1 alpha-2, such as DE."
        assert told[1].startswith("Row 2, name: ")
        assert told[5:] == [
            "… and 3 more rejected rows.",
            "Repeat the import with --rejected FILE to get the rejected rows as a file, and correct them there.",
        ]
    done = run("import", "bad.csv", "--rejected", "rejected.csv", expect=1, **environment)
    assert done.stderr.splitlines()[-1] == "The rejected rows are in rejected.csv: correct them and import that file."


def test_rejected_rows_are_written_to_a_file(oauth: OAuthClient, run: Run, tmp_path: Path) -> None:
    environment = {"LINKXG_CLIENT_ID": oauth.client_id, "LINKXG_CLIENT_SECRET": oauth.client_secret}
    (tmp_path / "bad.csv").write_text("sku,name\nBAD-1,\n")
    done = run("import", "bad.csv", "--rejected", "rejected.csv", expect=1, **environment)
    assert "COMPLETED_WITH_ERRORS" in done.stdout
    assert "BAD-1" in (tmp_path / "rejected.csv").read_text("utf-8-sig")


def test_a_pipe_needs_no_option(world: World, oauth: OAuthClient, run: Run) -> None:
    done = run("login", "--client-id", oauth.client_id, stdin=oauth.client_secret + "\n")
    assert done.stderr == f"Signed in to {world.server.url} as {oauth.client_id}.\n"
    for option in ([], ["--stdin"]):
        empty = run("login", "--client-id", oauth.client_id, *option, expect=2)
        assert "standard input is empty" in empty.stderr
        assert "Warning" not in empty.stderr


def test_a_person_logs_in_and_out(world: World, run: Run) -> None:
    person = world.person("VIEWER")
    run("login", "--email", person.email, "--stdin", stdin=person.password + "\n")
    about = json.loads(run("whoami", "--json").stdout)
    assert (about["email"], about["role"]) == (person.email, "VIEWER")
    run("products", "list")
    token = run("token").stdout.strip()
    assert "Log in with --client-id" in run("rotate", expect=2).stderr
    run("logout")
    me(world.api, token).expect(401, "invalid_token")


def test_a_client_logs_in_by_its_key(world: World, oauth: OAuthClient, run: Run, config: Path, tmp_path: Path) -> None:
    """Only the path of the key is stored."""
    pair = ClientCertificate()
    add_key(world.api, world.owner, oauth.client_id, pem=pair.public_pem).expect(201)
    set_methods(world.api, world.owner, oauth.client_id, ["private_key_jwt"]).expect(200)
    SecretFile(tmp_path / "key.pem").write(Secret(pair.key_pem))
    run("login", "--client-id", oauth.client_id, "--key-file", "key.pem", "--dpop")
    assert [path.name for path in config.iterdir()] == ["profile.json"]
    assert json.loads(run("whoami", "--json").stdout)["clientId"] == oauth.client_id
    run("products", "list")
    done = run("token")
    world.vault.remember("access token", done.stdout.strip())
    assert "bound to a key" in done.stderr
    assert "cnf" in decode_unverified(done.stdout.strip())[1]
    assert "PRIVATE KEY" not in done.stdout + done.stderr
    (tmp_path / "key.pem").unlink()
    assert "key.pem cannot be read" in run("whoami", expect=1).stderr
    run("logout")
    assert "login first" in run("token", "--key-file", "key.pem", expect=1).stderr


def test_a_token_by_options_for_the_environment(world: World, oauth: OAuthClient, run: Run, tmp_path: Path) -> None:
    pair = ClientCertificate()
    add_key(world.api, world.owner, oauth.client_id, pem=pair.public_pem).expect(201)
    SecretFile(tmp_path / "key.pem").write(Secret(pair.key_pem))
    known = {"LINKXG_CLIENT_ID": oauth.client_id}
    for arguments, settings, bound in (
        (["--key-file", "key.pem"], {}, False),
        (["--key-file", "key.pem", "--dpop"], {}, True),
        (["--dpop"], {"LINKXG_CLIENT_SECRET": oauth.client_secret}, True),
        ([], {"LINKXG_CLIENT_SECRET": oauth.client_secret, "LINKXG_DPOP": "1"}, True),
        ([], {"LINKXG_CLIENT_KEY_FILE": "key.pem"}, False),
    ):
        done = run("token", *arguments, **known, **settings)
        token = world.vault.remember("access token", done.stdout.strip())
        assert ("cnf" in decode_unverified(token)[1], "Warning" in done.stderr) == (bound, bound), arguments
    make_resource_server(world.api, world.owner, "https://command.example/api")
    settings = {"LINKXG_CLIENT_SECRET": oauth.client_secret}
    done = run("token", "--resource", "https://command.example/api", **known, **settings)
    token = world.vault.remember("access token", done.stdout.strip())
    assert decode_unverified(token)[1]["aud"] == "https://command.example/api"
    refused = run("login", "--email", "anna@example.com", "--dpop", expect=2)
    assert "--client-id" in refused.stderr


def test_what_goes_wrong_is_told_in_a_line(world: World, oauth: OAuthClient, run: Run) -> None:
    wrong = world.vault.invent("client secret", prefix="lxgsec_")
    done = run("login", "--client-id", oauth.client_id, "--stdin", stdin=wrong + "\n", expect=1)
    assert "Client authentication failed" in done.stderr
    assert wrong not in done.stdout + done.stderr
    run("login", expect=2)
    run("products", "list", "--limit", "0", expect=2)
    settings = {"LINKXG_CLIENT_ID": oauth.client_id, "LINKXG_CLIENT_SECRET": oauth.client_secret}
    assert "InvalidScope" not in run("token", "--scope", "unknown", expect=1, **settings).stderr


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("linkxg-client ro", {"rotate"}),
        ("linkxg-client products ", {"list"}),
        ("linkxg-client export --format ", {"ndjson", "json", "csv"}),
        ("linkxg-client products list --status DR", {"DRAFT"}),
        ("linkxg-client import --re", {"--rejected"}),
    ],
)
def test_the_shell_completes_what_is_typed(run: Run, typed: str, offered: set[str]) -> None:
    """The protocol of the script that `--show-completion` prints: bash asks by the environment."""
    words = typed.split(" ")
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1), "_LINKXG_CLIENT_COMPLETE": "complete_bash"}
    assert set(run(**asked).stdout.split()) == offered


def test_bash_completes_by_the_script_that_the_command_prints(run: Run, tmp_path: Path) -> None:
    script = run("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1").stdout
    assert "complete -o default -F _linkxg_client_completion linkxg-client" in script
    ask = 'COMP_WORDS=(linkxg-client who) COMP_CWORD=1; _linkxg_client_completion linkxg-client; echo "${COMPREPLY[@]}"'
    (tmp_path / "completion.sh").write_text(f"{script}\n{ask}\n")
    done = subprocess.run(
        ["bash", "completion.sh"], cwd=tmp_path, env=readme.environment(), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "whoami", done.stderr
