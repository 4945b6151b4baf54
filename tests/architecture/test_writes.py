"""Whatever writes for a caller does it through `write_as` or `revoke_as`.

A unit of work that goes straight to `database.write` is committed although the caller has been lowered, disabled or
signed out since the guard let the request in (security rule L1; ASVS 8.3.2).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from architecture.program import modules

UNAUTHORISED = {
    "identity/accounts/invite_user.accept_invitation": "the token is used once, and the unit checks who invited",
    "identity/accounts/email_changes.confirm_email_change": "the token of a link is used once, and names the person",
    "identity/accounts/email_changes.decline_email_change": "the token of a link is used once, and names the person",
    "identity/accounts/create_account.create_account": "the command line stands above the accounts",
    "identity/password_reset/complete_reset.complete_reset": "the token of the link works once, and the unit checks it",
    "identity/password_reset/request_reset.compose": "records a link for whoever reads the mail",
    "identity/password_reset/request_reset.forget": "deletes a link that could not be mailed",
    "identity/sign_up/request_sign_up.request_sign_up": "nobody is known before, and nothing but the request is kept",
    "identity/sign_up/complete_sign_up.complete_sign_up": "the token of the link works once",
    "network/connections/accept_by_link.accept_link_with_new_account": "the token of the link works once",
    "ops/demo/products.create_demo_products": "the command line stands above the accounts",
    "ops/demo/products.create_textiles": "the command line stands above the accounts",
    "ops/demo/products.revise_fabric": "the command line stands above the accounts",
    "ops/demo/traceability._capture": "the command line stands above the accounts",
    "ops/demo/products._publish_all": "the command line stands above the accounts",
    "network/epcis/subscriptions/deliverer._deliver": "holds a subscription that was authorised",
    "network/epcis/subscriptions/deliverer._record_fault": "counts a failed attempt",
    "network/epcis/subscriptions/deliverer._deliver_next": "moves on behind events that are not delivered",
    "network/epcis/subscriptions/deliverer._attempt": "each attempt checks the rights of the subscription itself",
    "network/feed/read_feed.read_feed": "records what has expired by itself, whoever reads",
    "network/passports/access/request_access.request_access": "nobody is known, and nothing but the request is kept",
    "network/passports/access/open_link.open_link": "the token of the link, which the unit checks",
    "network/passports/signing/issuer_keys.find_or_make_signing_key": "an issuer gets its first key, whoever reads",
    "network/passports/signing/sign_passport.sign": "keeps the signature of what anybody reads",
    "network/passports/signing/sign_passport.find_or_insert_entry": "an index in a status list, whoever reads",
    "network/access_log/count_reads._write_batch": "counts of what was answered, whoever asked",
    "ops/purge.purge_all": "the command line stands above the accounts",
    "identity/clients/usage._write_batch": "counts of what was answered, whoever asked",
    "purge._purge_table": "deletes what is old, whosesoever it is",
    "console/carried_forms.use_once": "the person has just signed in, and uses their own form up",
    "jobs/uploads/delete_upload.discard_upload": "deletes the parts of an import that has ended",
    "jobs/process_main._run": "carries a job out that was authorised",
    "jobs/run_job._check_all": "each batch checks the rights of the job itself",
    "jobs/run_job.write": "each batch checks the rights of the job itself",
    "jobs/runner._claim": "carries a job out that was authorised",
    "jobs/runner._run_job": "gives back a job whose process has died",
    "jobs/runner._keep_lease": "holds a job that was authorised",
    "jobs/upload_lease._delete_all": "deletes interrupted uploads",
    "jobs/upload_lease.renew_while_receiving": "holds an upload that was authorised, whose every part is authorised",
    "jobs/uploads/expand_upload.keep": "carries a job out that was authorised",
    "jobs/uploads/expand_upload.expand_upload": "carries a job out that was authorised",
    "identity/client_assertions/verify_assertion.use": "an assertion works once; its client is authenticating",
    "identity/oauth/revocation_endpoint._revoke": "the client has just authenticated, and ends its own token",
    "identity/sender_constraint/dpop.use": "uses a proof up, whose signature was verified",
    "identity/sessions/current_password.verify_current_password": "counts a guess, whoever makes it",
    "identity/scim/authenticate.authenticate": "notes the last use of the token that was just found",
    "identity/sessions/console_session._extended": "one statement, which checks the session",
    "identity/sessions/console_session.renew_console_session": "one statement, which checks the session",
    "identity/passkeys/use_passkey.use_passkey": "uses a challenge up, whoever answers it",
    "identity/passkeys/sign_in.begin_passkey_sign_in": "keeps a challenge, whoever asks",
    "identity/passkeys/use_passkey.verify_alone": "records a refusal, whoever tried",
    "identity/factors/passkey_proof.begin_passkey_step": "the token of the first step opens this",
    "identity/factors/sign_in.begin_second_step": "nobody is known before; the unit itself checks the person",
    "identity/factors/challenges.begin_attempt": "counts a guess, whoever makes it",
    "identity/factors/challenges.complete_attempt": "the token of the first step works once",
    "identity/factors/enroll.begin_enrollment": "the token of the first step opens this",
    "identity/passkey_registration/enroll_passkey.begin_passkey_enrollment": "the token of the first step opens this",
    "identity/sessions/login.check_attempt": "counts a guess, whoever makes it",
    "identity/sessions/login.verify_password": "counts a guess, whoever makes it",
    "identity/sessions/login.start_session": "nobody is known before; the unit itself checks the person",
    "identity/sessions/refresh.refresh": "the refresh token is used up by one statement, which checks the person",
    "identity/federation/connect_provider.connect_provider": "ends the sessions of a change that was authorised",
    "identity/federation/verify_domain.verify_by_operator": "the command line stands above the accounts",
    "identity/single_sign_on/begin_sign_in.begin_sign_in": "nobody is known before",
    "identity/single_sign_on/finish_sign_in._take": "the state is used up by one statement, which checks the browser",
    "identity/single_sign_on/finish_sign_in._finish": "the unit admits the person of a verified ID token",
    "identity/single_sign_on/finish_sign_in._open": "the person of a verified ID token; the session checks them",
    "identity/single_sign_on/back_channel_logout.log_out": "the logout token was verified, and works once",
    "identity/tokens/manage_keys.update_keys": "the keys are those of the installation",
    "identity/tokens/manage_keys.prepare_keys": "the keys are those of the installation",
}
WRITES = re.compile(r"(\w+\.)*_?database\.(write|execute_single)")
REVOKES = {
    "identity/tokens/revoke.py",
    "identity/tokens/key_store.py",
    "identity/accounts/manage_user.py",
    "identity/accounts/next_epoch.py",
}


def _writers(node: ast.AST, name: str = "") -> Iterator[str]:
    """The innermost function around each call that writes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _writers(child, child.name)
            continue
        if isinstance(child, ast.Call) and WRITES.fullmatch(ast.unparse(child.func)):
            yield name
        yield from _writers(child, name)


def _found() -> set[str]:
    return {
        f"{module.relative_path.removesuffix('.py')}.{writer}"
        for module in modules()
        if module.package not in {"identity.authorization", "db"}
        for writer in _writers(module.tree)
    }


def test_writes_are_authorised_in_their_transaction() -> None:
    wrong = _found() - UNAUTHORISED.keys()
    assert not wrong, f"{wrong}: write through `authorization.write_as`, or say in UNAUTHORISED why not"


def test_no_exception_is_stale() -> None:
    assert UNAUTHORISED.keys() <= _found()


def test_revocations_hold_the_lock_of_their_caller() -> None:
    """What appends to the feed for a person, a session, a client or a token waits for their writes first."""
    appending = {
        module.relative_path
        for module in modules()
        if module.package not in {"db", "ops"} and "invalidation_feed.append(" in module.text
    }
    assert appending == REVOKES
    for path in REVOKES - {"identity/tokens/key_store.py"}:
        module = next(module for module in modules() if module.relative_path == path)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef) and "invalidation_feed.append(" in ast.unparse(node):
                text = ast.unparse(node)
                assert 0 <= text.find("lock_caller(") < text.find("invalidation_feed.append("), f"{path}: {node.name}"
