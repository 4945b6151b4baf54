"""`…/rotate` and `…/secrets/{secret_id}/…`: rotates a secret, and removes or extends the old one."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.clock import now_ms, now_s
from linkxg.console.api_access import LIST, show_secret
from linkxg.console.client_page import CLIENT, show_client
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.flash_messages import Notice
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.rotation_evidence import SHOWN, rotation_evidence
from linkxg.console.step_up import ask_step_up
from linkxg.errors import Conflict, InvalidRequest, NotFound
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.clients.authentication_methods import BY_SECRET
from linkxg.identity.clients.model import Secret
from linkxg.identity.clients.notify_owners import mail_secret_rotated
from linkxg.identity.clients.read_client import read_client
from linkxg.identity.clients.rotate_secret import ROTATIONS, extend_secret, remove_secret, rotate_secret
from linkxg.identity.tokens.scopes import format_scope

OVERLAPS = {"3600": "1 hour", "86400": "24 hours", "604800": "7 days"}


@get(f"{CLIENT}/rotate", **session_roles(ADMINISTRATORS))
async def choose(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    detail = await read_client(page.database, page.account_id, client_id, days=1)
    return render(
        page,
        "rotate.html",
        client=detail.client,
        live=detail.client.live_secrets(now_ms()),
        tokens=sum(row.tokens for row in detail.usage),
        overlaps=OVERLAPS,
        key=page.form.key_or_new(),
    )


@post(f"{CLIENT}/rotate", **session_roles(ADMINISTRATORS))
async def rotate(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    form = page.form
    asking = await ask_step_up(page, "rotate the secret")
    if asking is not None:
        return asking
    compromised = form.text("mode") == "compromised"
    grace = form.text("overlap")
    if not compromised and grace not in OVERLAPS:
        raise InvalidRequest("Choose how long both secrets should work.")
    await page.services.limits.spend(ROTATIONS, caller_key(page.account_id, page.person.user_id))
    rotated, replayed = await rotate_secret(
        page.database,
        page.services.server_key,
        page.actor,
        page.account_id,
        client_id,
        grace_period_seconds=0 if compromised else int(grace),
        revoke_tokens=compromised,
        idempotency_key=form.idempotency_key,
    )
    if not replayed:
        mail_secret_rotated(page.services.notices, page.actor, page.account_id, client_id)
    client = (await read_client(page.database, page.account_id, client_id)).client
    scope = format_scope(client.scopes)
    message = "The secret is rotated."
    if rotated.revoked_tokens:
        message += " The old secret and every live token of this client are revoked."
    done = Notice("Done", message)
    return show_secret(
        page,
        client_id,
        client.name,
        scope,
        rotated.client_secret,
        rotated=rotated,
        notice=done,
        resource=client.resource,
    )


@post(f"{CLIENT}/secrets/{{secret_id:str}}/finish", **session_roles(ADMINISTRATORS))
async def finish(
    page: NamedDependency[PageRequest], client_id: FromPath[str], secret_id: FromPath[str]
) -> Response[str]:
    detail = await read_client(page.database, page.account_id, client_id)
    live = detail.client.live_secrets(now_ms())
    old = next((secret for secret in live if secret.id == secret_id), None)
    if old is None:
        raise NotFound
    if len(live) == 1:
        if detail.client.methods & BY_SECRET:
            raise Conflict("This is the client's only secret.")
        return await _revoke_unused(page, client_id, old)
    evidence = rotation_evidence(old, live[-1] if old is not live[-1] else live[0], detail.sources, now_ms())
    if not evidence.safe and not confirmed(page):
        question = Question(
            "The old secret may still be needed", (), "Remove the old secret", "Keep both", f"{LIST}/{client_id}"
        )
        return ask_confirmation(page, question, template="remove_secret.html", evidence=evidence, shown_addresses=SHOWN)
    asking = await ask_step_up(page, "remove the old secret")
    if asking is not None:
        return asking
    await remove_secret(page.database, page.actor, page.account_id, client_id, secret_id)
    return redirect(page, f"{LIST}/{client_id}", done="finished")


@post(f"{CLIENT}/secrets/{{secret_id:str}}/extend", **session_roles(ADMINISTRATORS))
async def extend(
    page: NamedDependency[PageRequest], client_id: FromPath[str], secret_id: FromPath[str]
) -> Response[str]:
    seconds = page.form.text("overlap")
    if seconds not in OVERLAPS:
        raise InvalidRequest("Choose how long both secrets should work.")
    asking = await ask_step_up(page, "extend the old secret")
    if asking is not None:
        return asking
    seen = page.form.text("was.ends")
    if seen and seen != await _end_of(page, client_id, secret_id):
        message = "Somebody else has changed the end in the meantime. Check the new end, then choose again."
        return await show_client(page, client_id, errors=FormErrors([("overlap", message)]))
    await extend_secret(
        page.database, page.actor, page.account_id, client_id, secret_id, expires_at=now_s() + int(seconds)
    )
    return redirect(page, f"{LIST}/{client_id}", done="extended")


@get(
    [f"{CLIENT}/secrets/{{secret_id:str}}/finish", f"{CLIENT}/secrets/{{secret_id:str}}/extend"],
    **session_roles(ADMINISTRATORS),
)
async def back(page: NamedDependency[PageRequest], client_id: FromPath[str], secret_id: FromPath[str]) -> Response[str]:
    return redirect(page, f"{LIST}/{client_id}")


HANDLERS = (choose, rotate, finish, extend, back)


async def _end_of(page: PageRequest, client_id: str, secret_id: str) -> str:
    """When the secret ends, as the form has it; empty if it does not."""
    client = (await read_client(page.database, page.account_id, client_id)).client
    return next((str(secret.expires_at or "") for secret in client.secrets if secret.id == secret_id), "")


async def _revoke_unused(page: PageRequest, client_id: str, secret: Secret) -> Response[str]:
    """Revoke the only secret of a client that may not authenticate by it."""
    if not confirmed(page):
        effects = ["No method of the client uses it. If you allow a secret again, rotate to get a new one."]
        question = Question(
            f"Revoke the secret {secret.hint}?", effects, "Revoke secret", "Keep it", f"{LIST}/{client_id}"
        )
        return ask_confirmation(page, question)
    asking = await ask_step_up(page, "revoke the secret")
    if asking is not None:
        return asking
    await remove_secret(page.database, page.actor, page.account_id, client_id, secret.id)
    return redirect(page, f"{LIST}/{client_id}", done="secret-revoked")
