"""Creates the people, client and products of the demo through the verbs that serve the API."""

import secrets
from typing import NamedTuple

from linkxg.crypto.passwords import Passwords
from linkxg.identity.accounts.create_account import CLI, create_account
from linkxg.identity.accounts.invite_user import accept_invitation, invitation_request, invite_user
from linkxg.identity.accounts.roles import Role
from linkxg.identity.clients.register_client import register_client
from linkxg.identity.tokens.keys import KeyRing
from linkxg.ops.demo.products import create_demo_products
from linkxg.ops.installation import connected
from linkxg.settings import Settings

ACCOUNT = "Acme GmbH"
CLIENT = "ERP Integration"
SCOPE = "products:read products:write connections:read"
_INVITED: tuple[Role, ...] = ("ADMIN", "MEMBER", "VIEWER")


class DemoPerson(NamedTuple):
    role: str
    email: str
    password: str


class DemoAccount(NamedTuple):
    """`people` begins with the Owner; `products` is how many there are."""

    people: list[DemoPerson]
    client_id: str
    client_secret: str
    products: int


async def create_demo_account(settings: Settings) -> DemoAccount:
    """Fill an empty database: one account, its people, one client and a few hundred products."""
    passwords = Passwords()
    people = [_person(role) for role in ("OWNER", *_INVITED)]
    owner = people[0]
    try:
        async with connected(settings) as database:
            account_id, owner_id = await create_account(
                database, passwords, name=ACCOUNT, owner_email=owner.email, password=owner.password
            )
            actor = CLI._replace(id=owner_id, account_id=account_id, role="OWNER")
            server_key = KeyRing(settings.data_dir).server_key
            for role, person in zip(_INVITED, people[1:], strict=True):
                request = invitation_request(actor, account_id, person.email, role)
                invitation, _ = await invite_user(database, server_key, actor, request, email=person.email, role=role)
                await accept_invitation(database, passwords, CLI, token=invitation.token, password=person.password)
            client, _ = await register_client(database, server_key, actor, account_id, name=CLIENT, scope=SCOPE)
            products = await create_demo_products(database, actor, account_id)
    finally:
        passwords.close()
    return DemoAccount(people, client.client_id, client.client_secret, products)


def _person(role: str) -> DemoPerson:
    # 15 random bytes, 120 bits; hyphens make them readable.
    return DemoPerson(role, f"{role.lower()}@acme.example", "-".join(secrets.token_hex(5) for _ in range(3)))
