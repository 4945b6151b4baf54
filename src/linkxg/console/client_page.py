"""`/account/api-access/{client_id}`: shows, disables, enables and deletes a client."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.clock import DAY, now_ms
from linkxg.console.api_access import LIST
from linkxg.console.chart import DAYS, usage_chart
from linkxg.console.client_state import state_of, unused_scopes
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.form_errors import FormErrors
from linkxg.console.formatting import ago, count
from linkxg.console.guard import PageRequest
from linkxg.console.page_forms import PageForm
from linkxg.console.pages import redirect, render
from linkxg.console.rejection_reasons import explain
from linkxg.console.rotation_evidence import SHOWN, rotation_evidence
from linkxg.console.step_up import ask_step_up
from linkxg.console.three_way_merge import FieldConflict, original_values
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.manage_user import list_people
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.clients.authentication_methods import BY_SECRET
from linkxg.identity.clients.change_client import ClientChange, change_client, delete_client
from linkxg.identity.clients.model import Client, Secret
from linkxg.identity.clients.read_client import ClientDetail, read_client
from linkxg.identity.clients.rejections.list_rejections import list_rejections
from linkxg.identity.tokens.scopes import SCOPES

_LEAKS_SHOWN, _LEAK_SHOWN_MS = 3, 90 * DAY
CLIENT = f"{LIST}/{{client_id:str}}"


@get(CLIENT, **session_roles(ADMINISTRATORS))
async def show(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    return await show_client(page, client_id)


@post(f"{CLIENT}/disable", **session_roles(ADMINISTRATORS))
async def disable(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    if not confirmed(page):
        detail = await read_client(page.database, page.account_id, client_id, days=2)
        if not detail.client.disabled:
            return ask_confirmation(page, _confirm_disable(detail))
    asking = await ask_step_up(page, "disable the client")
    if asking is not None:
        return asking
    change = ClientChange(disabled=True)
    await change_client(page.database, page.services.notices, page.actor, page.account_id, client_id, change)
    return redirect(page, f"{LIST}/{client_id}", done="disabled")


@post(f"{CLIENT}/enable", **session_roles(ADMINISTRATORS))
async def enable(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    asking = await ask_step_up(page, "enable the client")
    if asking is not None:
        return asking
    change = ClientChange(disabled=False)
    await change_client(page.database, page.services.notices, page.actor, page.account_id, client_id, change)
    return redirect(page, f"{LIST}/{client_id}", done="enabled")


@get(f"{CLIENT}/delete", **session_roles(ADMINISTRATORS))
async def ask_delete(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    detail = await read_client(page.database, page.account_id, client_id, days=1)
    tokens = sum(row.tokens for row in detail.usage)
    live = len(detail.client.live_secrets(now_ms()))
    return render(page, "delete_client.html", client=detail.client, live=live, tokens=tokens)


@post(f"{CLIENT}/delete", **session_roles(ADMINISTRATORS))
async def delete(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    asking = await ask_step_up(page, "delete the client")
    if asking is not None:
        return asking
    await delete_client(page.database, page.actor, page.account_id, client_id)
    return redirect(page, LIST, done="deleted")


@get([f"{CLIENT}/disable", f"{CLIENT}/enable"], **session_roles(ADMINISTRATORS))
async def back(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    return redirect(page, f"{LIST}/{client_id}")


HANDLERS = (show, disable, enable, ask_delete, delete, back)


def _confirm_disable(detail: ClientDetail) -> Question:
    client = detail.client
    calls, tokens = (sum(getattr(row, kind) for row in detail.usage) for kind in ("calls", "tokens"))
    used = f"Last used {ago(client.last_used_at)}." if client.last_used_at else "It has never been used."
    return Question(
        f"Disable {client.name[:60]}?",
        [
            f"It has made {count(calls, 'API call')} and requested {count(tokens, 'token')} since yesterday. {used}",
            "Its live tokens are revoked within a second, and it gets no new ones until you enable it. Its secrets "
            "are kept.",
        ],
        "Disable client",
        "Keep it on",
        f"{LIST}/{client.id}",
    )


async def show_client(
    page: PageRequest,
    client_id: str,
    *,
    errors: FormErrors | None = None,
    conflicts: dict[str, FieldConflict] | None = None,
    filled: bool = False,
) -> Response[str]:
    """The page of a client; with `filled` or `errors`, its form holds the posted values."""
    detail = await read_client(page.database, page.account_id, client_id, days=DAYS)
    people = await list_people(page.database, page.account_id)
    refused = await list_rejections(page.database, page.account_id, client_id=client_id, limit=5)
    client, now = detail.client, now_ms()
    live = client.live_secrets(now)
    used = {scope: row.last_used_at for scope, row in detail.scopes.items()}
    # After an error of another form on the page, this one shows the stored values.
    form, posted = page.form, (bool(errors) or filled) and not page.form.text("overlap")
    was = {
        "name": client.name,
        "scope": " ".join(sorted(client.scopes)),
        "ranges": "\n".join(client.cidrs),
        "self_rotation": "yes" if client.self_rotation else "",
    }
    if posted and not conflicts:
        was = original_values(form, was, was)
    return render(
        page,
        "client.html",
        status=(409 if conflicts else 422) if errors else 200,
        client=client,
        state=state_of(client, now),
        creator=next((person.email for person in people if person.id == client.created_by), "a removed person"),
        live=live,
        leaked=_leaked(client, now),
        by_secret=bool(client.methods & BY_SECRET),
        evidence=rotation_evidence(live[0], live[-1], detail.sources, now) if len(live) > 1 else None,
        shown_addresses=SHOWN,
        chart=usage_chart(detail.usage),
        used=used,
        unused=unused_scopes(client, used, now),
        refused=[(one, explain(one, client)) for one in refused],
        grantable=[(scope, text) for scope, text in SCOPES.items() if scope in page.scopes],
        filled={
            "name": form.text("name") if posted else client.name,
            "scopes": _scopes_of(form, client.scopes, conflicts=bool(conflicts)) if posted else client.scopes,
            "ranges": form.text("ranges") if posted else "\n".join(client.cidrs),
            "self_rotation": form.text("self_rotation") == "yes" if posted else client.self_rotation,
        },
        was=was,
        errors=errors,
        conflicts=conflicts or {},
    )


def _leaked(client: Client, now: int) -> list[Secret]:
    """The secrets that were found in public in the last months, newest first."""
    found = [one for one in client.secrets if one.leak_url is not None]
    recent = [one for one in found if (one.revoked_at or one.expires_at or 0) > now - _LEAK_SHOWN_MS]
    return recent[::-1][:_LEAKS_SHOWN]


def _scopes_of(form: PageForm, now: frozenset[str], *, conflicts: bool) -> frozenset[str]:
    """The scopes to tick: the posted ones; after a conflict, the stored ones with this person's changes applied."""
    chosen = frozenset(form.all("scope"))
    if not conflicts:
        return chosen
    was = frozenset(form.text("was.scope").split())
    return (now | (chosen - was)) - (was - chosen)
