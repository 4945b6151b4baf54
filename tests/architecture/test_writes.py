"""Does every verb that acts for a caller write through `write_as` or `revoke_as`?

A unit of work that goes straight to `database.write` is committed although the caller has been lowered, disabled or
signed out since the guard let the request in (security bar L1; ASVS 8.3.2).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from architecture.program import SOURCE, Module, modules

UNAUTHORISED = {
    "accounts/invite_user.accept_invitation": "the one-time token is used up by one statement",
    "sessions/login.prove_password": "counts a guess, whoever makes it",
    "sessions/login.start_session": "nobody is known before; the unit itself checks the person",
    "sessions/refresh.refresh": "the refresh token is used up by one statement, which checks the person",
    "sessions/change_password.change_password": "counts a guess, whoever makes it",
    "sessions/console_session.prove_again": "one statement, which checks the session",
    "cli/demo_products.make_demo_products": "the command line stands above the accounts",
}
WRITES = {"database.write", "database.write_at_once", "self._database.write"}
REVOKES = {"tokens/revoke.py", "tokens/store.py", "accounts/manage_user.py"}


def _inside(module: Module) -> str:
    return str(module.path.relative_to(SOURCE))


def _verbs(module: Module) -> Iterator[ast.AsyncFunctionDef]:
    for node in module.tree.body:
        if isinstance(node, ast.AsyncFunctionDef):
            arguments = (*node.args.args, *node.args.kwonlyargs)
            if any(argument.annotation and ast.unparse(argument.annotation) == "Actor" for argument in arguments):
                yield node


def _writes(node: ast.AST) -> bool:
    return any(isinstance(call, ast.Call) and ast.unparse(call.func) in WRITES for call in ast.walk(node))


def _found() -> set[str]:
    return {
        f"{_inside(module).removesuffix('.py')}.{verb.name}"
        for module in modules()
        if module.package != "authorization"
        for verb in _verbs(module)
        if _writes(verb)
    }


def test_verbs_with_an_actor_are_authorised_in_their_transaction() -> None:
    wrong = _found() - UNAUTHORISED.keys()
    assert not wrong, f"{wrong}: write through `authorization.write_as`, or say in UNAUTHORISED why not"


def test_the_list_of_exceptions_is_still_needed() -> None:
    assert UNAUTHORISED.keys() <= _found()


def test_revocations_hold_the_lock_of_their_caller() -> None:
    """What appends to the change feed for a person, a session, a client or a token waits for their writes first."""
    appending = {
        _inside(module)
        for module in modules()
        if module.package not in {"db", "cli"} and "changes.append(" in module.text
    }
    assert appending == REVOKES
    for path in REVOKES - {"tokens/store.py"}:
        module = next(module for module in modules() if _inside(module) == path)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef) and "changes.append(" in ast.unparse(node):
                text = ast.unparse(node)
                assert 0 <= text.find("lock_caller(") < text.find("changes.append("), f"{path}: {node.name}"
