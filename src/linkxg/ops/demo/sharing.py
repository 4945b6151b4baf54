"""Connects the companies of the demo and lets them share, through the verbs that serve the API.

The mill shares its yarns with the weaver, and the weaver shares with the brand: of all fabrics some fields, of one all
of them for a time. The brand has acknowledged one fabric and asks for more about another.
"""

from typing import NamedTuple

from linkxg.clock import DAY, now_ms, rfc3339
from linkxg.db import Database
from linkxg.http.rate_limits import MemoryLimits
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.accounts.mail_queue import MailQueue
from linkxg.identity.sign_up.model import SignUpMode
from linkxg.network.access_log.count_reads import AccessLog
from linkxg.network.connections.accept import accept_connection
from linkxg.network.connections.confirm_gln import confirm_gln
from linkxg.network.connections.invite import invite_partner
from linkxg.network.connections.mails import ConnectionMails
from linkxg.network.connections.model import InvitedConnection, InvitePartner
from linkxg.network.requests.model import CreateShareRequest
from linkxg.network.requests.send_request import send_request
from linkxg.network.shared_products.acknowledge import acknowledge_product
from linkxg.network.shared_products.model import AcknowledgeProduct
from linkxg.network.shares.create_share import create_share
from linkxg.network.shares.model import CreateShare
from linkxg.ops.demo.account import DemoAccount
from linkxg.ops.demo.products import revise_fabric

FIELDS = ["name", "brand", "description", "category", "countryOfProduction", "materials.name", "materials.massFraction"]
YARN = "5205"
NEWCOMER = "sales@dyeworks.example"
"""A company that is not on the platform."""
_ACCEPTED, _SHARED_WHOLE, _REQUESTED, _REVISED = "FAB-CANVAS-340", "FAB-TWILL-280-R", "FAB-VOILE-75", "FAB-DENIM-400"
_EXPIRES_AFTER = 90 * DAY


class DemoNetwork(NamedTuple):
    """`connection_id` is that of the brand and the weaver; `link` accepts the invitation of the newcomer."""

    connection_id: str
    link: str


async def create_demo_network(
    database: Database, server_key: bytes, public_url: str, brand: DemoAccount, weaver: DemoAccount, mill: DemoAccount
) -> DemoNetwork:
    mails = ConnectionMails(database, MailQueue(Mailer("", "")), MemoryLimits(), public_url, SignUpMode.INVITED)

    async def invite(by: DemoAccount, invitation: InvitePartner) -> InvitedConnection:
        made, _ = await invite_partner(database, server_key, mails, public_url, by.owner, by.account_id, invitation)
        return made

    async def connect(by: DemoAccount, partner: DemoAccount, invitation: InvitePartner) -> str:
        made = await invite(by, invitation)
        await accept_connection(database, mails, partner.owner, partner.account_id, made.id, by.company.gln)
        await confirm_gln(database, by.owner, by.account_id, made.id, partner.company.gln)
        return made.id

    of_brand = await connect(
        brand, weaver, InvitePartner("SUPPLIER", invitee_slug="weaver-ltd", message="Please share your fabrics.")
    )
    of_mill = await connect(weaver, mill, InvitePartner("SUPPLIER", invitee_gln=mill.company.gln))
    expires_at = rfc3339(now_ms() + _EXPIRES_AFTER)
    for owner, connection_id, terms in (
        (mill, of_mill, CreateShare("CATEGORY", category=YARN, versions="ALL", traceability="GRAPH", trace_tiers=2)),
        (weaver, of_brand, CreateShare("ALL", fields=FIELDS, traceability="GRAPH", trace_tiers=2)),
        (weaver, of_brand, CreateShare("PRODUCT", weaver.products[_SHARED_WHOLE], expires_at=expires_at)),
    ):
        await create_share(database, owner.owner, owner.account_id, connection_id, terms)
    await revise_fabric(database, weaver.owner, weaver.account_id, _REVISED)
    await _count_reads(database, weaver, brand)
    answer = AcknowledgeProduct("ACCEPTED", "Released for lampshades.")
    await acknowledge_product(database, brand.owner, brand.account_id, weaver.products[_ACCEPTED], answer)
    request = CreateShareRequest(
        "TRACE", "We need the origin of the cotton for the passports of our lamps.",
        product_id=weaver.products[_REQUESTED],
    )  # fmt: skip
    await send_request(database, brand.owner, brand.account_id, of_brand, request)
    invited = await invite(weaver, InvitePartner("SUPPLIER", invitee_email=NEWCOMER, message="You dye our fabrics."))
    return DemoNetwork(of_brand, str(invited.link))


async def _count_reads(database: Database, owner: DemoAccount, viewer: DemoAccount) -> None:
    """What the API counts when the viewer reads every product of the owner: the access log shows it."""
    log = AccessLog(database)
    log.count(owner.account_id, viewer.account_id, owner.products.values())
    await log.stop()
