"""Creates the account of a company of the demo, its people and its client."""

import secrets
from typing import NamedTuple

from linkxg.audit.model import Actor
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.identity.accounts.change_account import change_account
from linkxg.identity.accounts.create_account import CLI, create_account
from linkxg.identity.accounts.invite_user import accept_invitation, invitation_request, invite_user
from linkxg.identity.clients.register_client import register_client
from linkxg.ops.demo.companies import Company


class DemoPerson(NamedTuple):
    role: str
    email: str
    password: str


class DemoAccount(NamedTuple):
    """`owner` acts for it; `people` begins with the Owner; `products` are ids by SKU."""

    company: Company
    owner: Actor
    people: list[DemoPerson]
    client_id: str
    client_secret: str
    products: dict[str, str]

    @property
    def account_id(self) -> str:
        return str(self.owner.account_id)


async def create_demo_account(
    database: Database, passwords: Passwords, server_key: bytes, company: Company, *, additional: bool
) -> DemoAccount:
    """Without products. Raises Conflict where an account exists, unless `additional`."""
    people = [_person(role, company.domain) for role in ("OWNER", *company.invited)]
    first = people[0]
    account_id, owner_id = await create_account(
        database, passwords, name=company.name, owner_email=first.email, password=first.password, additional=additional
    )
    owner = CLI._replace(id=owner_id, account_id=account_id, role="OWNER")
    await change_account(database, owner, account_id, gln=company.gln)
    for role, person in zip(company.invited, people[1:], strict=True):
        request = invitation_request(owner, account_id, person.email, role)
        invitation, _ = await invite_user(database, server_key, owner, request, email=person.email, role=role)
        await accept_invitation(database, passwords, CLI, token=invitation.token, password=person.password)
    client, _ = await register_client(database, server_key, owner, account_id, name=company.client, scope=company.scope)
    return DemoAccount(company, owner, people, client.client_id, client.client_secret, {})


def _person(role: str, domain: str) -> DemoPerson:
    # 15 random bytes, 120 bits; hyphens make them readable.
    return DemoPerson(role, f"{role.lower()}@{domain}", "-".join(secrets.token_hex(5) for _ in range(3)))
