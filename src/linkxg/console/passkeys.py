"""`/account/passkeys`: the passkeys of the signed-in person.

Browsers make passkeys for scripts alone, so that adding one is the one action of the console that needs a script.
"""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.factor_budget import spend_factor_change
from linkxg.console.factor_removal import remove_with_confirmation
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.passkey_field import CREDENTIAL, read_attestation, write_options
from linkxg.console.step_up import ask_step_up
from linkxg.errors import Conflict, InvalidCredentials, NotFound, RateLimitExceeded, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.factors.change_factors import must_keep_factor
from linkxg.identity.factors.model import PASSKEY
from linkxg.identity.passkey_registration.register_passkey import begin_registration, register_passkey
from linkxg.identity.passkeys.list_passkeys import list_own_passkeys
from linkxg.identity.passkeys.model import MAX_PASSKEYS, Passkey
from linkxg.identity.passkeys.name_passkey import rename_passkey

PASSKEYS = "/account/passkeys"
NEW = f"{PASSKEYS}/new"
PASSKEY_PAGE = f"{PASSKEYS}/{{passkey_id:str}}"
_ACT = "add a passkey"


@get(PASSKEYS, **session_roles(EVERYONE))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _list(page)


@post(NEW, **session_roles(EVERYONE))
async def add(page: NamedDependency[PageRequest]) -> Response[str]:
    """The page that makes a passkey, and what it has made."""
    asking = await ask_step_up(page, _ACT, back=lambda: _list(page))
    if asking is not None:
        return asking
    name = page.form.text("name")
    try:
        await spend_factor_change(page)
        if not page.form.has(CREDENTIAL):
            return await _ask_browser(page)
        added = await register_passkey(
            page.database,
            page.services.relying_party,
            page.services.notices,
            page.actor,
            page.account_id,
            page.person.user_id,
            credential=read_attestation(page.form.text(CREDENTIAL)),
            name=name or None,
        )
    except RateLimitExceeded as error:
        return await _list(page, errors=wait_for_budget(error), status=error.status)
    except InvalidCredentials as error:
        return await _ask_browser(page, errors=whole_form(error.description), status=422)
    except ValidationFailed as error:
        page.context.notes |= {"error": error.code, "reason": error.reason}
        field = "name" if error.details and error.details[0]["field"] == "name" else ""
        return await _ask_browser(page, errors=FormErrors([(field, error.description)]), status=error.status)
    except Conflict as error:
        return await _list(page, errors=whole_form(error.description), status=error.status)
    if added.recovery_codes is not None:
        return render(page, "recovery_codes.html", codes=added.recovery_codes, target=PASSKEYS)
    return redirect(page, PASSKEYS, **flash_message(page, f"The passkey “{added.passkey.name}” is added."))


@get(PASSKEY_PAGE, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], passkey_id: FromPath[str]) -> Response[str]:
    return await _show(page, passkey_id)


@post(PASSKEY_PAGE, **session_roles(EVERYONE))
async def rename(page: NamedDependency[PageRequest], passkey_id: FromPath[str]) -> Response[str]:
    name = page.form.text("name")
    try:
        await spend_factor_change(page)
        await rename_passkey(page.database, page.actor, page.account_id, page.person.user_id, passkey_id, name)
    except RateLimitExceeded as error:
        return await _show(page, passkey_id, errors=wait_for_budget(error), name=name, status=error.status)
    except ValidationFailed as error:
        errors = FormErrors([("name", error.description)])
        return await _show(page, passkey_id, errors=errors, name=name, status=error.status)
    return redirect(page, PASSKEYS, done="saved")


@post(f"{PASSKEY_PAGE}/remove", **session_roles(EVERYONE))
async def remove(page: NamedDependency[PageRequest], passkey_id: FromPath[str]) -> Response[str]:
    return await remove_with_confirmation(page, passkey_id, _list, target=PASSKEYS, method=PASSKEY)


HANDLERS = (listing, add, show, rename, remove)


async def _list(page: PageRequest, *, errors: FormErrors | None = None, status: int = 200) -> Response[str]:
    found = await list_own_passkeys(page.database, page.account_id, page.person.user_id)
    return render(
        page,
        "passkeys.html",
        status=status,
        errors=errors,
        found=found,
        must_keep=await _must_keep(page),
        is_full=len(found) >= MAX_PASSKEYS,
        most=MAX_PASSKEYS,
        is_supported=page.services.relying_party.is_supported,
    )


async def _ask_browser(page: PageRequest, *, errors: FormErrors | None = None, status: int = 200) -> Response[str]:
    """The page whose script asks the browser for a passkey, with a new challenge."""
    try:
        options = await begin_registration(
            page.database, page.services.relying_party, page.actor, page.account_id, page.person.user_id
        )
    except Conflict as error:
        return await _list(page, errors=whole_form(error.description), status=error.status)
    return render(
        page,
        "new_passkey.html",
        status=status,
        errors=errors,
        options=write_options(options.public_key),
        name=page.form.text("name"),
    )


async def _show(
    page: PageRequest, passkey_id: str, *, errors: FormErrors | None = None, name: str = "", status: int = 200
) -> Response[str]:
    passkey = await _find(page, passkey_id)
    return render(
        page,
        "passkey.html",
        status=status,
        errors=errors,
        passkey=passkey,
        must_keep=await _must_keep(page),
        name=name or passkey.name,
    )


async def _must_keep(page: PageRequest) -> bool:
    return await must_keep_factor(page.database, page.account_id, page.person.user_id)


async def _find(page: PageRequest, passkey_id: str) -> Passkey:
    found = await list_own_passkeys(page.database, page.account_id, page.person.user_id)
    passkey = next((one for one in found if one.id == passkey_id), None)
    if passkey is None:
        raise NotFound
    return passkey
