"""PostgreSQL addresses with libpq's parameters work, or are rejected by name in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ServerFactory
from harness import postgres
from harness.databases import PostgresDatabase
from harness.people import sign_in
from harness.postgres import Cluster
from harness.server import Server, stderr_messages
from harness.tls import self_signed
from harness.world import World
from imports.files import IMPORTS
from linkxg.db.address import REFUSED, SUPPORTED, AddressError, read_address
from linkxg.identity.tokens.keys import ensure_keys

HIDDEN = "hidden-word"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("sslmode=sometimes", "sslmode must be one of"),
        ("sslrootcert=/nowhere/root.crt", "sslrootcert: there is no file /nowhere/root.crt"),
        ("connect_timeout=soon", "connect_timeout must be a whole number"),
        ("target_session_attrs=standby", "target_session_attrs must be read-write"),
        ("client_encoding=latin1", "client_encoding must be UTF8"),
        ("port=99999", "port must be"),
        ("host=a,b&port=1,2,3", "port must be"),
        ("connect_timeout=1&connect_timeout=2", "connect_timeout twice"),
        ("keepalives", "without a value"),
        ("sslmod=require", "did you mean sslmode?"),
        *((f"{name}=1", f"the parameter {name}, which is not supported") for name in REFUSED),
    ],
)
def test_unsupported_parameters_are_rejected_by_name(query: str, wanted: str) -> None:
    with pytest.raises(AddressError) as refused:
        read_address(f"postgresql://user:{HIDDEN}@db.example/name?{query}")
    assert wanted in str(refused.value)
    assert HIDDEN not in str(refused.value)


def test_parameters_go_before_the_address_as_in_libpq() -> None:
    found = read_address(
        "postgresql://a:b@one:1,two/name?host=/run/postgresql,x&port=7&user=c&password=d%26e&dbname=other"
        "&application_name=shop&connect_timeout=1&options=-c%20geqo%3Doff&sslmode=require&target_session_attrs=primary"
    )
    assert found.servers == [("/run/postgresql", 7), ("x", 7)]
    assert (found.url.username, found.url.password, found.url.database) == ("c", "d&e", "other")
    assert (found.settings, found.tls) == ({"options": "-c geqo=off"}, "postgresql://?sslmode=require")
    assert (found.application_name("linkxg"), found.timeout(10.0), found.timeout(1.5)) == ("linkxg/shop", 2.0, 1.5)
    plain = read_address("postgresql://u@one:1,[::1]/name")
    assert plain.servers == [("one", 1), ("::1", 5432)]
    assert (plain.application_name("linkxg"), plain.timeout(3.0), plain.url.password) == ("linkxg", 3.0, None)
    assert read_address("postgresql:///name").servers == []


def commands(server: Server, url: str, directory: Path) -> list[list[str]]:
    return [
        ["serve", "--port", str(server.port)],
        ["migrate"],
        ["backup", str(directory / "b")],
        ["restore", str(directory / "good")],
        ["keys", "rotate"],
        ["keys", "replace"],
        ["purge"],
        ["audit", "verify"],
        ["doctor"],
        ["bootstrap", "--account", "A", "--owner-email", "a@b.example", "--password-stdin"],
        ["copy", "--from", "sqlite:////nowhere.db", "--to", url],
        ["copy", "--from", url, "--to", "sqlite:////nowhere.db"],
    ]


def test_every_command_refuses_a_parameter_in_one_line(new_server: ServerFactory, tmp_path: Path) -> None:
    server = new_server()
    url = f"postgresql://user:{HIDDEN}@127.0.0.1:1/name?sslmode=prefer&keepalives=1"
    ensure_keys(server.data_dir, "HS256")
    server.command("migrate")
    server.command("backup", str(tmp_path / "good"))
    for command in commands(server, url, tmp_path):
        setting = {} if command[0] == "copy" else {"LINKXG_DATABASE_URL": url}
        done = server.try_command(*command, stdin=b"", **setting)
        said = (done.stdout if command[0] == "doctor" else done.stderr).decode()
        assert "the parameter keepalives, which is not supported" in said, (command, said)
        assert HIDDEN not in said
        assert "Traceback" not in said
        if command[0] != "doctor":
            assert (done.returncode, len(stderr_messages(done))) == (2, 1), (command, said)


PARAMETERS = (
    "sslmode=prefer&application_name=shop&connect_timeout=5&target_session_attrs=read-write&options=-c%20geqo%3Doff"
)


@pytest.fixture(scope="module")
def described(new_server: ServerFactory, cluster: Cluster) -> Iterator[Server]:
    """A running service whose address has libpq's usual parameters."""
    database = PostgresDatabase(cluster, cluster.new_database())
    server = new_server("postgres", database=database, LINKXG_DATABASE_URL=f"{database.url}?{PARAMETERS}")
    account = server.bootstrap("Acme GmbH")
    server.start()
    server.account = account  # type: ignore[attr-defined]
    yield server
    server.close()


def test_the_usual_parameters_work_everywhere(described: Server, cluster: Cluster, tmp_path: Path) -> None:
    client = described.client()
    world = World(described, described.account, client)  # type: ignore[attr-defined]
    owner = sign_in(client, world.account.owner)
    # The process of an import takes the same address.
    job = (
        client.post(IMPORTS, bearer=owner.access, content=b"sku,name\nA-1,Bolt\n", headers={"Content-Type": "text/csv"})
        .expect(202)
        .data()
    )
    done = client.get(f"/imports/{job['id']}?wait=20", bearer=owner.access).expect(200).data()
    assert done["status"] == "COMPLETED", done
    names = cluster.query(described.database.url, "select distinct application_name from pg_stat_activity order by 1")
    assert ["linkxg/shop"] in names
    described.command("keys", "rotate")
    described.command("backup", str(tmp_path / "b"))
    described.command("audit", "verify")
    assert b"services hold" in described.try_command("restore", str(tmp_path / "b"), "--replace",
                                                     "--data-dir", str(tmp_path / "other")).stderr  # fmt: skip
    client.close()


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, Path, Path]]:
    """A PostgreSQL with a certificate for 127.0.0.1, that certificate, and one of somebody else."""
    if postgres.binaries() is None:
        pytest.skip(postgres.ABSENT)
    directories = [tmp_path_factory.mktemp("right"), tmp_path_factory.mktemp("other")]
    (certificate, key), (other, _) = map(self_signed, directories)
    made = Cluster()
    made.use_tls(certificate, key)
    yield made.start(), certificate, other
    made.remove()


def test_tls_is_verified_as_the_address_says(
    encrypted: tuple[Cluster, Path, Path], new_server: ServerFactory, tmp_path: Path
) -> None:
    cluster, right, other = encrypted
    plain = cluster.new_database()
    full = f"{plain}?sslmode=verify-full&sslrootcert={right}"
    server = new_server("postgres", database=PostgresDatabase(cluster, plain), LINKXG_DATABASE_URL=full)
    server.data_dir.chmod(0o700)
    server.bootstrap("Acme GmbH")
    server.start()
    seen = "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'linkxg'"
    assert cluster.query(plain, seen) == [["t"]]
    server.stop()
    refused = {
        "wrong name": (full.replace("127.0.0.1", "localhost"), "certificate is not valid for 'localhost'"),
        "unknown authority": (f"{plain}?sslmode=verify-full&sslrootcert={other}", "self-signed certificate"),
        "unknown authority, name not looked at": (f"{plain}?sslmode=verify-ca&sslrootcert={other}", "self-signed"),
    }
    for case, (url, says) in refused.items():
        for command in (["serve", "--port", str(server.port)], ["copy", "--to", f"sqlite:///{tmp_path}/c.db"]):
            more = ["--from", url] if command[0] == "copy" else []
            done = server.try_command(*command, *more, LINKXG_DATABASE_URL=url)
            assert (done.returncode, len(stderr_messages(done))) == (1, 1), (case, done.stderr)
            assert says in done.stderr.decode(), case
    # The name is not looked at, the authority is.
    server.command("audit", "verify", "--data-dir", str(server.data_dir))
    named = full.replace("127.0.0.1", "localhost").replace("verify-full", "verify-ca")
    assert server.try_command("audit", "verify", LINKXG_DATABASE_URL=named).returncode == 0


def test_the_page_lists_the_parameters_that_work() -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    assert [name for name in SUPPORTED if f"`{name}`" not in page] == []
