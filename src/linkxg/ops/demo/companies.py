"""The three companies of the demo: a mill spins yarn, a weaver makes fabric of it, a brand sews garments of it."""

from typing import NamedTuple

from linkxg.identity.accounts.roles import Role


class Company(NamedTuple):
    """`invited` are the roles of its people besides the Owner; `catalogue` is a file in this package."""

    name: str
    domain: str
    gln: str
    invited: tuple[Role, ...]
    client: str
    scope: str
    catalogue: str


BRAND = Company(
    "Acme GmbH", "acme.example", "9529000000014", ("ADMIN", "MEMBER", "VIEWER"), "ERP Integration",
    "products:read products:write connections:read connections:write imports:write traceability:read "
    "dpp:read",
    "products.ndjson",
)  # fmt: skip
WEAVER = Company(
    "Weaver Ltd", "weaver.example", "9529000001011", (), "Loom Integration",
    "products:read connections:read connections:write imports:write traceability:read", "fabrics.ndjson",
)  # fmt: skip
MILL = Company(
    "Mill SA", "mill.example", "9529000002018", (), "Spinning Integration",
    "products:read connections:read connections:write imports:write traceability:read", "yarns.ndjson",
)  # fmt: skip
