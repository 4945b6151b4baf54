"""Creates the people, clients and products of the demo.

Made by the same verbs that serve the API, so every rule that holds there holds here.
"""

import secrets
from typing import Any, NamedTuple

from linkxg.cli.context import connected
from linkxg.cli.demo_products import make_demo_products
from linkxg.crypto.passwords import Passwords
from linkxg.identity.accounts.create_account import CLI, create_account
from linkxg.identity.accounts.invite_user import accept_invitation, invitation_request, invite_user
from linkxg.identity.accounts.roles import Role
from linkxg.identity.clients.register_client import register_client
from linkxg.identity.tokens.keys import KeyRing
from linkxg.settings import Settings

ACCOUNT = "Acme GmbH"
CLIENT = "ERP Integration"
SCOPE = "products:read products:write connections:read"
_JOINING: tuple[Role, ...] = ("ADMIN", "MEMBER", "VIEWER")


class DemoPerson(NamedTuple):
    """Somebody of the demo; the password is random and told once."""

    role: str
    email: str
    password: str


class DemoData(NamedTuple):
    people: list[DemoPerson]
    client_id: str
    client_secret: str
    products: int


async def make_demo_data(settings: Settings) -> DemoData:
    """Fill a fresh database: one account, its people, one client, a few hundred products."""
    passwords = Passwords()
    people = [_person(role) for role in ("OWNER", *_JOINING)]
    owner = people[0]
    try:
        async with connected(settings) as database:
            account_id, owner_id = await create_account(
                database, passwords, name=ACCOUNT, owner_email=owner.email, password=owner.password, another=False
            )
            actor = CLI._replace(id=owner_id, account_id=account_id, role="OWNER")
            server_key = KeyRing(settings.data_dir).server_key
            for role, person in zip(_JOINING, people[1:], strict=True):
                request = invitation_request(actor, account_id, person.email, role)
                invitation, _ = await invite_user(database, server_key, actor, request, email=person.email, role=role)
                await accept_invitation(database, passwords, CLI, token=invitation.token, password=person.password)
            client, _ = await register_client(database, server_key, actor, account_id, name=CLIENT, scope=SCOPE)
            products = await make_demo_products(database, actor, account_id)
    finally:
        passwords.close()
    return DemoData(people, client.client_id, client.client_secret, products)


def _person(role: str) -> DemoPerson:
    # Hyphens make it easy to read out; 15 random bytes are 120 bits.
    parts: list[Any] = [secrets.token_hex(5) for _ in range(3)]
    return DemoPerson(role, f"{role.lower()}@acme.example", "-".join(parts))
