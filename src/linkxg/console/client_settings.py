"""`POST /account/api-access/{client_id}`: changes a client's settings, but only the fields that were edited."""

from typing import NamedTuple

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.api_access import FIELDS, LIST, check_settings
from linkxg.console.client_changes import authors_of, last_changes, settings_changes
from linkxg.console.client_page import CLIENT, show_client
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.confirmation_fields import CANCEL
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import of_api_error, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.narrowing_effects import narrowing_effects
from linkxg.console.pages import redirect
from linkxg.console.step_up import ask_step_up
from linkxg.console.three_way_merge import ATTEMPTS, BUSY, Edit, conflict_errors, merge
from linkxg.errors import Conflict, InvalidRequest, InvalidScope
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.clients.change_client import ClientChange, change_client
from linkxg.identity.clients.model import Client
from linkxg.identity.clients.read_client import ClientDetail, read_client
from linkxg.identity.clients.register_client import canonical_cidrs
from linkxg.identity.tokens.scopes import SCOPES

LABELS = {"name": "Name", "ranges": "Allowed addresses", "self_rotation": "May rotate its own secret"}


class SettingsChange(NamedTuple):
    """The fields to change, the scopes to add and remove, and what others changed since the form was opened."""

    edit: Edit
    added: frozenset[str]
    removed: frozenset[str]
    added_by_others: frozenset[str]
    removed_by_others: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.edit.changed or self.added or self.removed)


@post(CLIENT, **session_roles(ADMINISTRATORS))
async def save(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    seen = (await read_client(page.database, page.account_id, client_id)).client
    errors = check_settings(page.form, seen.resource)
    if page.form.text(CANCEL):
        return await show_client(page, client_id, filled=True)
    if errors:
        return await show_client(page, client_id, errors=errors)
    for _ in range(ATTEMPTS):
        detail = await read_client(page.database, page.account_id, client_id, days=1)
        change = _change(page, detail.client)
        if change.edit.conflicts:
            changes = await settings_changes(page.database, page.account_id, client_id)
            authors = last_changes(changes, change.edit.conflicts)
            found = conflict_errors(change.edit.conflicts, LABELS, authors)
            return await show_client(page, client_id, errors=found, conflicts=change.edit.conflicts)
        question = _question(page, detail, change)
        if question is not None and not confirmed(page):
            return ask_confirmation(page, question, back_to_form=True)
        if change:
            asking = await ask_step_up(page, "change the client")
            if asking is not None:
                return asking
        try:
            await _apply(page, detail.client, change)
        except Conflict:
            continue
        except (InvalidRequest, InvalidScope) as error:
            return await show_client(page, client_id, errors=of_api_error(error.description, FIELDS))
        return redirect(page, f"{LIST}/{client_id}", **flash_message(page, await _summary(page, client_id, change)))
    return await show_client(page, client_id, errors=whole_form(BUSY))


HANDLERS = (save,)


def stored_fields(client: Client) -> dict[str, str]:
    """The client's fields as values of the form."""
    return {
        "name": client.name,
        "ranges": "\n".join(client.cidrs),
        "self_rotation": "yes" if client.self_rotation else "",
    }


def _change(page: PageRequest, client: Client) -> SettingsChange:
    form, now = page.form, stored_fields(client)
    mine = {
        "name": form.text("name").strip(),
        "ranges": "\n".join(canonical_cidrs(form.items("ranges"))),
        "self_rotation": "yes" if form.text("self_rotation") == "yes" else "",
    }
    was = frozenset(form.text("was.scope").split()) if "was.scope" in dict(form.pairs) else client.scopes
    chosen = frozenset(form.all("scope"))
    # Only scopes that this person ticked or cleared; scopes that the role cannot grant have no box.
    offered = page.scopes
    cleared = (was & offered) - chosen
    return SettingsChange(
        merge(form, mine, now),
        chosen - was - client.scopes,
        cleared & client.scopes,
        client.scopes - was - chosen,
        was - client.scopes - cleared,
    )


def _question(page: PageRequest, detail: ClientDetail, change: SettingsChange) -> Question | None:
    client = detail.client
    ranges = change.edit.changed.get("ranges")
    effects = narrowing_effects(detail, change.removed, None if ranges is None else ranges.split())
    if not effects:
        return None
    return Question(
        f"Narrow what {client.name[:60]} may do?", effects, "Save settings", "Back to the form", f"{LIST}/{client.id}"
    )


async def _apply(page: PageRequest, seen: Client, change: SettingsChange) -> None:
    """Raises Conflict if one of these fields changed since the client was read."""
    if not change:
        return
    changed = change.edit.changed
    scopes = (seen.scopes | change.added) - change.removed
    if not scopes and seen.resource is None:
        raise InvalidRequest("The field scope would be empty: somebody else has removed the others.")
    client_change = ClientChange(
        name=changed.get("name"),
        scope=" ".join(sorted(scopes)) if scopes != seen.scopes else None,
        allowed_cidrs=changed["ranges"].split() if "ranges" in changed else None,
        self_rotation=changed["self_rotation"] == "yes" if "self_rotation" in changed else None,
    )
    await change_client(
        page.database, page.services.notices, page.actor, page.account_id, seen.id, client_change, expected=seen
    )


async def _summary(page: PageRequest, client_id: str, change: SettingsChange) -> str:
    """What was saved, and what others changed in the meantime."""
    sentences = []
    if change.edit.changed:
        sentences.append(f"{', '.join(LABELS[name] for name in LABELS if name in change.edit.changed)} changed.")
    if change.removed:
        sentences.append(f"{_listed(change.removed)} removed; the client's live tokens are revoked.")
    if change.added:
        sentences.append(f"{_listed(change.added)} added.")
    if not sentences:
        sentences = ["Nothing changed."]
    else:
        sentences.insert(0, "Saved.")
    others = []
    if change.edit.meanwhile:
        others.append(f"changed {', '.join(LABELS[name] for name in LABELS if name in change.edit.meanwhile)}")
    if change.removed_by_others:
        others.append(f"removed {_listed(change.removed_by_others)}")
    if change.added_by_others:
        others.append(f"added {_listed(change.added_by_others)}")
    if others:
        fields = [*change.edit.meanwhile, *(["scope"] if change.removed_by_others or change.added_by_others else [])]
        authors = authors_of(await settings_changes(page.database, page.account_id, client_id), fields)
        stand = "that change is kept" if len(fields) == 1 else "those changes are kept"
        sentences.append(f"{authors} {' and '.join(others)} in the meantime; {stand}.")
    return " ".join(sentences)


def _listed(scopes: frozenset[str]) -> str:
    return ", ".join(scope for scope in SCOPES if scope in scopes)
