"""The history checker notices what it is there to notice."""

from __future__ import annotations

from harness.history import AuditRow, History, Operation, Outcome, forks, resurrections, trail_differences


def operation(
    name: str,
    at: float,
    outcome: Outcome = "ok",
    *,
    needs: tuple[str, ...] = (),
    ends: tuple[str, ...] = (),
    makes: str | None = None,
    key: str | None = None,
    request_id: str | None = None,
    certain: bool = True,
) -> Operation:
    """One that takes a second."""
    return Operation("a", name, needs, ends, at, at + 1, outcome, makes, key, certain, request_id)


def history_of(*operations: Operation) -> History:
    history = History()
    for done in operations:
        with history.operation(done.actor, done.name) as begun:
            begun.__dict__.update(done.__dict__)
    return history


def refreshed(used: str, made: str, at: float, outcome: Outcome = "ok") -> Operation:
    return operation("refresh", at, outcome, needs=(used,), ends=(used,), makes=made)


def test_a_chain_of_refreshes_is_not_a_fork() -> None:
    chain = history_of(refreshed("a", "b", 0), refreshed("b", "c", 2), refreshed("a", "b", 4), refreshed("c", "d", 5))
    assert forks(chain) == []
    assert forks(history_of(refreshed("a", "b", 0), refreshed("a", "c", 0))) == ["a token has 2 children"]
    assert forks(history_of(refreshed("a", "c", 0), refreshed("b", "c", 0))) == ["a token has 2 parents"]
    assert forks(history_of(refreshed("a", "b", 0), refreshed("a", "c", 0, "info"))) == []


def test_a_revoked_credential_that_serves_is_a_resurrection() -> None:
    logout = operation("logout", 0, ends=("s",))
    assert len(resurrections(history_of(logout, operation("look", 1.5, needs=("s",))))) == 1
    assert resurrections(history_of(logout, operation("look", 0.5, needs=("s",)))) == [], "under way when it ended"
    assert resurrections(history_of(logout, operation("look", 1.5, "fail", needs=("s",)))) == []
    assert resurrections(history_of(logout, operation("look", 1.5, needs=("s",))), bound=1.0) == []
    assert len(resurrections(history_of(logout, operation("look", 2.5, needs=("s",))), bound=1.0)) == 1
    lost = operation("logout", 0, "info", ends=("s",))
    assert resurrections(history_of(lost, operation("look", 1.5, needs=("s",)))) == []


def test_a_replay_is_not_a_resurrection() -> None:
    assert resurrections(history_of(refreshed("a", "b", 0), refreshed("a", "b", 2))) == []
    assert len(resurrections(history_of(refreshed("a", "b", 0), refreshed("a", "c", 2)))) == 1


def audit_row(request_id: str) -> AuditRow:
    return AuditRow("session.ended", request_id, "", "")


def test_audit_rows_and_operations_are_matched() -> None:
    def differences(*operations: Operation, rows: list[AuditRow]) -> int:
        return len(trail_differences(history_of(*operations), rows, {"logout": "session.ended"}))

    done = operation("logout", 0, request_id="1")
    assert differences(done, rows=[audit_row("1")]) == 0
    assert differences(done, rows=[]) == 1, "acknowledged and not told"
    assert differences(done, rows=[audit_row("1"), audit_row("1")]) == 1, "told twice"
    assert differences(done, rows=[audit_row("1"), audit_row("2")]) == 1, "told and not done"
    assert differences(done, operation("logout", 0, "info"), rows=[audit_row("1"), audit_row("2")]) == 0, "done unheard"
    assert differences(operation("logout", 0, "fail", request_id="1"), rows=[audit_row("1")]) == 1, "refused and told"
    assert differences(operation("look", 0, request_id="1"), rows=[]) == 0, "not audited"
    first = operation("logout", 0, "info", key="k")
    again = operation("logout", 2, key="k", request_id="2")
    assert differences(first, again, rows=[audit_row("1")]) == 0, "the repetition changed nothing"
    assert differences(again, rows=[]) == 1, "it repeats nothing"
    assert differences(operation("logout", 0, request_id="1", certain=False), rows=[]) == 0
