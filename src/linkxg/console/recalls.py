"""`/traceability/recalls`: the recalls of the account, and those of partners that concern it."""

from litestar import Response, get
from litestar.di import NamedDependency

from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.console.recall_names import RecallNames, gtins_of_items, names_of
from linkxg.console.trace_page import TRACEABILITY
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.recalls.model import ItemRecall
from linkxg.network.recalls.read_recalls import list_notices, list_recalls
from linkxg.network.traceability.find_names import find_names

RECALLS = f"{TRACEABILITY}/recalls"
ON_A_PAGE = 50


def mailing_effect(*, is_mailed: bool) -> str:
    """What a question says of the mails to partners."""
    if is_mailed:
        return "Their Owners and Admins are mailed."
    return "No mail is sent: this service has no mail server. They see it on their page of recalls and in the feed."


@get(RECALLS, **session_roles(EVERYONE))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    """Notices that wait for an answer and the own recalls; `show=notices` lists all notices."""
    database, account_id = page.database, page.account_id
    is_notices, before = page.query.text("show") == "notices", page.query.text("before") or None
    own: list[ItemRecall] = []
    more = False
    if not is_notices:
        own, more = await list_recalls(database, account_id, before=before, limit=ON_A_PAGE)
    notices, more_notices = await list_notices(
        database, account_id, before=before if is_notices else None, limit=ON_A_PAGE, is_waiting=not is_notices
    )
    listed = [one.items for one in own] + [one.items for one in notices]
    first = [items[0] for items in listed if items]
    names = await find_names(database, page.account_id, gtins_of_items(first))
    paged = notices if is_notices else own
    return render(
        page,
        "recalls.html",
        recalls=own,
        notices=notices,
        is_notices=is_notices,
        begun=before,
        older=paged[-1].id if (more_notices if is_notices else more) else None,
        names=lambda one: RecallNames(names_of(one.item_details), names),
    )


HANDLERS = (listing,)
