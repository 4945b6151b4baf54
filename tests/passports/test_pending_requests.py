"""One stranger, or one network, does not fill the list of requests for access of a company. Security rule 294."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.rows import execute, rows
from harness.world import World
from linkxg.clock import now_ms
from linkxg.ids import uuid7s
from linkxg.network.passports.access.model import MAX_PENDING, MAX_PENDING_OF_NETWORK, MAX_PENDING_OF_PASSPORT
from passports.granting import CONTENT, ask
from passports.reading import issued
from passports.test_request_form import send

HERE, FLOODER, FRIEND = "127.0.0.0/24", "203.0.113.0/24", "198.51.100.0/24"


@pytest.fixture(autouse=True)
def _no_requests(world: World) -> Iterator[None]:
    execute(world.server.database, "delete from passport_access_requests")
    yield
    execute(world.server.database, "delete from passport_access_requests")


def _wait(world: World, passport_id: str, network: str | None, number: int = 1) -> None:
    """Requests of a network that wait."""
    of = "null" if network is None else f"'{network}'"
    values = ", ".join(
        f"('{world.account.account_id}', '{id}', '{passport_id}', 'authority', 'p', 'c', 'PENDING', {now_ms()}, {of})"
        for id in uuid7s(number)
    )
    columns = "account_id, id, passport_id, role, purpose, contact, status, created_at, network"
    execute(world.server.database, f"insert into passport_access_requests ({columns}) values {values}")


def _waiting(world: World) -> dict[str, int]:
    sql = "select coalesce(network, ''), count(*) from passport_access_requests where status = 'PENDING' group by 1"
    return {str(network): int(number) for network, number in rows(world.server.database, sql)}


def test_rule_294_a_network_has_a_bound_of_its_own(world: World) -> None:
    _, passport_id = issued(world, **CONTENT)
    _wait(world, passport_id, HERE, MAX_PENDING_OF_NETWORK - 1)
    ask(world, passport_id).expect(200)
    refused = ask(world, passport_id).expect(409, "conflict")
    assert "from your network" in str(refused.object()["error_description"])
    page = send(world, passport_id, purpose="Typed with care")
    assert page.status_code == 409
    assert "Your request was not sent" in page.text
    assert "Typed with care" in page.text
    assert "Versuchen Sie es" in send(world, passport_id, "de").text
    assert _waiting(world) == {HERE: MAX_PENDING_OF_NETWORK}
    # An answer makes room.
    execute(world.server.database, "update passport_access_requests set status = 'DECLINED'")
    ask(world, passport_id).expect(200)


@pytest.mark.parametrize("most", [MAX_PENDING, MAX_PENDING_OF_PASSPORT])
def test_rule_294_who_asks_most_makes_room_for_others(world: World, most: int) -> None:
    _, first = issued(world, **CONTENT)
    _, second = issued(world, **CONTENT)
    flooded = second if most == MAX_PENDING else first
    _wait(world, first, FRIEND)
    _wait(world, first, None, 2)
    _wait(world, flooded, FLOODER, most - 3)
    (oldest,) = rows(world.server.database, f"select min(id) from passport_access_requests where network = '{FLOODER}'")
    if most == MAX_PENDING:
        # Of several passports none has too many.
        execute(world.server.database, "update passport_access_requests set passport_id = id where network is not null")
    ask(world, first).expect(200)
    assert _waiting(world) == {FRIEND: 1, "": 2, FLOODER: most - 4, HERE: 1}
    left = f"select count(*) from passport_access_requests where id = '{oldest[0]}'"
    assert int(rows(world.server.database, left)[0][0]) == 0
    said = rows(
        world.server.database,
        "select details from audit_events where action = 'passport_access.requested' order by seq desc limit 1",
    )
    assert oldest[0] in str(said[0][0])
