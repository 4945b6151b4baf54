"""`/products/{id}/passport/units/{unit_id}`: the passport of a batch or an item, its life status, its withdrawal."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.confirmation_fields import CANCEL
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.new_product import WRITERS
from linkxg.console.pages import redirect, render
from linkxg.errors import InvalidRequest, InvalidState, NotFound, RateLimitExceeded
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.model import EVERYTHING, LifeStatus, Redacted
from linkxg.network.passports.issue.issue_units import PASSPORT_ISSUES
from linkxg.network.passports.issue.model import MAX_REASON, NEXT_LIFE_STATUSES, ChangeLifeStatus, WithdrawPassport
from linkxg.network.passports.issue.unit_state import change_life_status, withdraw_passport
from linkxg.network.passports.read.own_passports import preview_passport
from linkxg.network.passports.signing.revoke_status import revoke_passport

UNIT = "/products/{product_id:str}/passport/units/{unit_id:str}"
LIFE_STATUS_NAMES: dict[LifeStatus, str] = {
    "original": "Original",
    "re-used": "Re-used",
    "repurposed": "Repurposed",
    "remanufactured": "Remanufactured",
    "waste": "Waste",
}
_REASON = f"Give a reason of at most {MAX_REASON:,} characters: whoever reads the passport reads it."


@get(UNIT, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], product_id: FromPath[str], unit_id: FromPath[str]) -> Response[str]:
    return await _show(page, await _read(page, product_id, unit_id))


@post(UNIT, **session_roles(WRITERS))
async def change(
    page: NamedDependency[PageRequest], product_id: FromPath[str], unit_id: FromPath[str]
) -> Response[str]:
    """One form for both, so that neither loses what was typed into the other."""
    unit = await _read(page, product_id, unit_id)
    then = page.form.text("then")
    if then not in ("life-status", "withdraw"):
        return await _show(page, unit, whole_form("Choose what to do: change the life status, or withdraw."), 400)
    if page.form.has(CANCEL):
        return await _show(page, unit)
    if errors := _faults(page, then):
        return await _show(page, unit, errors, 422)
    question = _question(page, unit, then)
    if question is not None and not confirmed(page):
        return ask_confirmation(page, question, back_to_form=True)
    try:
        await page.services.limits.spend(PASSPORT_ISSUES, caller_key(page.account_id, page.person.user_id))
        await _apply(page, unit, then)
    except InvalidState as error:
        now = await _read(page, product_id, unit_id)
        return await _show(page, now, whole_form(error.description), error.status)
    except RateLimitExceeded as error:
        return await _show(page, unit, wait_for_budget(error), error.status)
    text = (
        "The passport is withdrawn. It stays readable, with the reason."
        if then == "withdraw"
        else f"The life status is {LIFE_STATUS_NAMES[_chosen(page)].lower()}. The passport has a further version."
    )
    return redirect(page, f"/products/{product_id}/passport/units/{unit_id}", **flash_message(page, text))


HANDLERS = (show, change)


async def _read(page: PageRequest, product_id: str, unit_id: str) -> Redacted:
    """Raises NotFound, also for the passport of a model or of another product."""
    found = await preview_passport(page.database, page.account_id, unit_id, EVERYTHING)
    if found.passport.granularity == "model" or found.passport.product_id != product_id:
        raise NotFound
    return found


def _chosen(page: PageRequest) -> LifeStatus:
    """Raises InvalidRequest."""
    given = page.form.text("life_status")
    found = next((one for one in NEXT_LIFE_STATUSES if one == given), None)
    if found is None:
        raise InvalidRequest("Choose a life status.")
    return found


def _faults(page: PageRequest, then: str) -> FormErrors:
    if then == "withdraw" and not 0 < len(page.form.text("reason").strip()) <= MAX_REASON:
        return FormErrors([("reason", _REASON)])
    if then == "life-status" and not page.form.text("life_status"):
        return FormErrors([("life_status", "Choose what has become of it.")])
    return FormErrors()


def _question(page: PageRequest, unit: Redacted, then: str) -> Question | None:
    """What cannot be undone is asked about."""
    here = f"/products/{unit.passport.product_id}/passport/units/{unit.passport.id}"
    which = f"the {unit.passport.granularity}"
    if then == "withdraw":
        effects = [
            f"Whoever scans the code of {which} reads that its passport is withdrawn, and why.",
            "Its signatures are revoked. A withdrawn passport cannot be issued again.",
        ]
        return Question("Withdraw this passport?", effects, "Withdraw passport", "Keep it", here)
    if _chosen(page) == "waste":
        effects = [f"The life of {which} ends: its life status cannot change any more."]
        return Question(f"Is {which} waste?", effects, "It is waste", "Keep the life status", here)
    return None


async def _apply(page: PageRequest, unit: Redacted, then: str) -> None:
    """Raises InvalidState."""
    of, key = (page.database, page.actor, page.account_id, unit.passport.id), page.form.idempotency_key
    if then == "withdraw":
        await withdraw_passport(*of, WithdrawPassport(page.form.text("reason").strip()), revoke_passport, key)
    else:
        await change_life_status(*of, ChangeLifeStatus(_chosen(page)), key)


async def _show(
    page: PageRequest, unit: Redacted, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    passport = unit.passport
    is_over = unit.withdrawal is not None or passport.life_status == "waste"
    return render(
        page,
        "passport_unit.html",
        status=status,
        one=unit,
        passport=passport,
        carrier=Addresses(page.services.public_url).carrier(unit.issuer.slug, passport),
        names=LIFE_STATUS_NAMES,
        choices=[] if is_over else [one for one in NEXT_LIFE_STATUSES if one != passport.life_status],
        may_write=page.role in WRITERS and passport.withdrawn_at is None,
        key=page.form.key_or_new(),
        filled={name: page.form.text(name) for name in ("reason", "life_status")},
        errors=errors,
    )
