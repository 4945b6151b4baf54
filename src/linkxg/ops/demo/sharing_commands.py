"""The curl commands of connections and shares with the credentials of the demo."""

from linkxg.ops.demo.create_demo import Demo
from linkxg.ops.demo.curl import API, Command, get, post
from linkxg.ops.demo.sharing import FIELDS

_ACKNOWLEDGED = "FAB-POPLIN-120"


def sharing_commands(url: str, demo: Demo, brand_token: str, weaver_token: str) -> list[Command]:
    api, connection = url + API, f"{url}{API}/connections/{demo.network.connection_id}"
    brand, weaver = demo.brand.company.name, demo.weaver.company.name
    invitation = {
        "inviteeEmail": "sales@packaging.example",
        "relationship": "SUPPLIER",
        "message": "We use your boxes.",
    }
    share = {"type": "CATEGORY", "category": "5208", "fields": [*FIELDS, "facility.country"]}
    answer = {"status": "REJECTED", "reason": "Please state the shrinkage.", "fields": ["performance"]}
    product = f"{api}/shared/products/{demo.weaver.products[_ACKNOWLEDGED]}"
    return [
        Command(f"{brand}: connected companies and invitations", get(f"{api}/connections", brand_token)),
        Command(
            f"{brand}: invite a company that is not on the platform yet; without mail, the link is in the response",
            post(f"{api}/connections", brand_token, invitation, "Idempotency-Key: invite-packaging"),
        ),
        Command(
            f"{weaver}: preview a share; the response is what {brand} would see, and nothing is shared",
            post(f"{connection}/shares?dryRun=true", weaver_token, share),
        ),
        Command(f"{brand}: the products that partners share", get(f"{api}/shared/products", brand_token)),
        Command(f"{brand}: answer {weaver} about a product", post(f"{product}/acknowledge", brand_token, answer)),
        Command(
            f"{brand}: the feed of what changed; continue with nextCursor, and with wait=30 for a long poll",
            get(f"{api}/shared/changes", brand_token),
        ),
        Command(f"{weaver}: requests that wait for a decision", get(f"{api}/requests?status=PENDING", weaver_token)),
        Command(f"{weaver}: what {brand} has read, by hour", get(f"{connection}/access-log", weaver_token)),
    ]
