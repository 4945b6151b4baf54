"""Every statement over an account's rows takes the account.

`f(conn, account_id, …)`: who calls a store function without thinking of the account cannot call it at all (ASVS 8.2.2).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from architecture.program import Module, modules
from linkxg.catalog.products import shared_list_store, shared_store
from linkxg.catalog.products.share_store import NOW, VIEWER, visible_to
from linkxg.db.compiled import CompiledStatement

ACROSS = "stands above the accounts"
WITHOUT_ACCOUNT = {
    # Who is asking is not known yet: the row that is found tells the account.
    "identity.accounts.find_user_by_email": "sign-in knows an address only; addresses are unique over all accounts",
    "identity.accounts.find_invitation": "the one-time token is the only thing known",
    "identity.accounts.find_newer_invitation": "the one-time token is the only thing known",
    "identity.accounts.find_email_change": "the one-time token is the only thing known",
    # Of a credential that was found in public, nothing else is known; the row tells the account.
    "identity.accounts.find_invitations_by_digest": "a credential found in public tells its account",
    "identity.accounts.find_email_changes_by_digest": "a credential found in public tells its account",
    "identity.clients.find_secrets_by_digest": "a credential found in public tells its account",
    "identity.factors.find_mfa_challenges_by_digest": "a credential found in public tells its account",
    "identity.password_reset.find_resets_by_digest": "a credential found in public tells its account",
    "identity.scim.find_tokens_by_digest": "a credential found in public tells its account",
    "identity.sign_up.find_sign_ups_by_digest": "sign-ups belong to nobody",
    "identity.sign_up.expire_sign_up": "sign-ups belong to nobody",
    "network.connections.find_by_tokens": "a credential found in public tells its account",
    "network.passports.access.find_grants_by_digest": "a credential found in public tells its account",
    "identity.accounts.redeem_invitation": "the one-time token is the only thing known",
    "identity.sign_up.lock_sign_ups": "sign-ups belong to nobody",
    "identity.sign_up.delete_oldest": "sign-ups belong to nobody",
    "identity.sign_up.count_sign_ups": "sign-ups belong to nobody",
    "identity.sign_up.insert_sign_up": "sign-ups belong to nobody",
    "identity.sign_up.find_sign_up": "sign-ups belong to nobody",
    "identity.sign_up.redeem_sign_up": "sign-ups belong to nobody",
    "identity.scim.find_live_token": "the token is the only thing known, and tells the account",
    "identity.clients.find_client": "a client authenticates before its account is known",
    "identity.sessions.rotate": "the refresh token names the session, and proves itself by its digest",
    "identity.sessions.find_session": "the refresh token names the session; callers compare the account",
    "identity.sessions.find_console_session": "the cookie names the session, and proves itself by its digest",
    "identity.sessions.find_ended_console_session": "the cookie names the session, and proves itself by its digest",
    "identity.passkeys.find_owned_passkey": "the credential names the person, and proves itself by its signature",
    "identity.accounts.claim_email": "an address is unique over all accounts",
    "identity.passkeys.insert_passkey_challenge": "a stranger has no account",
    "identity.passkeys.take_passkey_challenge": "the challenge is the only thing known",
    "identity.factors.list_secrets": ACROSS,
    "identity.factors.find_mfa_challenge": "the one-time token is the only thing known",
    "identity.sessions.find_person_signing_in": "of the person that was just authenticated",
    "identity.sessions.find_person": "of the session that was just found",
    "identity.sessions.lock_person": "of the person that was just found by address",
    "identity.sessions.list_session_sources": "of the person that was just found by address",
    # Batches of counts over many clients, addressed by ids that are unique over all accounts.
    "identity.clients.add_usage": "counts of many clients at once",
    "identity.clients.add_scope_usage": "counts of many clients at once",
    "identity.clients.add_sources": "counts of many clients at once",
    "identity.clients.touch_clients": "counts of many clients at once",
    "identity.clients.touch_secrets": "counts of many clients at once",
    "identity.clients.touch_certificates": "counts of many clients at once",
    "identity.clients.rejections.insert_rejections": "refusals of many clients at once",
    "identity.password_reset.find_reset": "the one-time token is the only thing known",
    "identity.password_reset.redeem_reset": "the one-time token is the only thing known",
    # Tables without an account: failures are counted before anybody is known.
    "identity.sessions.add_attempt": "failures belong to nobody",
    "identity.sessions.give_attempt_back": "failures belong to nobody",
    "identity.sessions.note_failure": "failures belong to nobody",
    "identity.sessions.blocked_until": "failures belong to nobody",
    "identity.sessions.block": "failures belong to nobody",
    "identity.sessions.clear_failures": "failures belong to nobody",
    "jobs.find_due_job": "a worker does the jobs of every account",
    "jobs._list_open": "accounts take turns",
    "network.epcis.subscriptions.list_due": "a worker delivers for every account",
    "network.epcis.subscriptions.list_secrets": ACROSS,
    "jobs.list_orphans": "a worker deletes the interrupted uploads of every account",
    # The keys are those of the installation.
    "identity.tokens.find_sealed_keys": ACROSS,
    "identity.tokens.insert_sealed_keys": ACROSS,
    "identity.tokens.update_sealed_keys": ACROSS,
    "identity.tokens.replace_sealed_keys": ACROSS,
    # The command line, which stands above the accounts.
    "identity.accounts.claim_slug": "slugs are unique over all accounts",
    "identity.accounts.find_account_by_slug": "an invitation knows the slug only",
    "identity.accounts.find_account_by_gln": "an invitation knows the GLN only",
    "identity.federation.find_provider_of_domain": "the sign-in page knows an address only; one account has the domain",
    "network.connections.find_by_token": "the one-time token is the only thing known",
    "network.access_log.add_reads": "counts of many accounts at once",
    "network.feed.list_heads": "a worker looks for the entries that requests of many accounts wait for",
    "network.passports.access.find_owner": "everybody may ask for access to a passport by its id",
    "network.passports.access.find_open_grant": "the link is the only thing known",
    "network.passports.access.use_grant": "the link is the only thing known",
    "network.passports.read.find_stored_passport": "everybody reads a passport by its id; `redact` decides what of it",
    "network.passports.read.find_carrier_passport": "everybody reads a passport by its id",
    "network.passports.read.find_without_content": "everybody reads a passport by its id",
    "network.passports.read.list_passport_versions": "everybody reads the versions of a passport by its id",
    "network.passports.resolver.list_publishers": "a link without an account leads to all that have the GTIN",
    "network.passports.signing.list_sealed_signing_keys": ACROSS,
    "network.passports.signing.lock_withdrawal": "the passport that was just read names the account",
    "catalog.products._record_expiries": "its callers say whose shares",
    "catalog.products.record_all_expiries": "a worker records the expired shares of every account",
    "network.feed.append": "changes of many accounts at once, each under its id",
    "identity.accounts.count_accounts": ACROSS,
    "identity.accounts.list_accounts": ACROSS,
    "audit.list_accounts": ACROSS,
}
# Housekeeping deletes what is old, whosesoever it is.
PURGES = "purge_"
STORE = re.compile(r"(\w+_)?store")


def _store_functions(module: Module) -> Iterator[ast.FunctionDef]:
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and node.args.args and node.args.args[0].arg == "conn":
            yield node


def _feature(module: Module) -> str:
    return re.sub(r"\.\w*store$", "", module.name.removeprefix("linkxg."))


def _unscoped() -> dict[str, str]:
    """Store functions that do not take the account, and where they are."""
    found = {}
    for module in modules():
        if STORE.fullmatch(module.path.stem):
            for function in _store_functions(module):
                arguments = [argument.arg for argument in function.args.args]
                if arguments[1:2] not in (["account_id"], ["viewer_id"]) and not function.name.startswith(PURGES):
                    found[f"{_feature(module)}.{function.name}"] = f"{module}:{function.lineno}"
    return found


def test_store_functions_take_the_account_first() -> None:
    for name, where in _unscoped().items():
        assert name in WITHOUT_ACCOUNT, (
            f"{where}: {name} does not take account_id right after conn. Whatever reads or writes an account's rows "
            "must be told whose; if these rows have no account, say so in WITHOUT_ACCOUNT."
        )


def test_no_exception_is_stale() -> None:
    gone = WITHOUT_ACCOUNT.keys() - _unscoped().keys()
    assert not gone, f"{gone} take the account now, or are gone: remove them from WITHOUT_ACCOUNT"


def _unnamed(statement: Any) -> str:
    """The SQL without the names of its parameters."""
    return re.sub(r":\w+|\?", ":", str(statement))


def test_contents_of_others_are_read_by_the_clause_of_visibility() -> None:
    """Either the owner reads a product, or a partner with a live share: whoever is asked as a viewer, by the clause."""
    stores = {
        str(module.relative_path)
        for module in modules()
        if str(module.relative_path).startswith("catalog/") and STORE.fullmatch(module.path.stem)
        for function in _store_functions(module)
        if function.args.args[1].arg == "viewer_id"
    }
    catalog = "catalog/products/"
    # The first holds no products.
    assert stores == {catalog + name for name in ("share_store.py", "shared_store.py", "shared_list_store.py")}
    clause = _unnamed(visible_to(VIEWER, NOW))
    statements = [one for one in vars(shared_store).values() if isinstance(one, CompiledStatement)]
    assert len(statements) == 3
    lists = [one for one in vars(shared_list_store).values() if isinstance(one, CompiledStatement)]
    assert len(lists) == 4
    for one in (*statements, *lists):
        # Of each engine.
        for text in (_unnamed(one.statement), _unnamed(one.text)):
            # Those of lists that have no content find places alone.
            is_place = one in lists and not any(word in text for word in ("content", "product_versions", "search_key"))
            assert clause in text or is_place
