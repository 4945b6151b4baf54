"""The stored rows agree with the audit trail. Promise R19, and promise R2 for the rows themselves."""

from __future__ import annotations

from harness.databases import Database
from harness.rows import rows

SAME_NUMBER = {
    "sessions started": (
        "SELECT count(*) FROM sessions",
        "SELECT count(DISTINCT target) FROM audit_events WHERE action = 'session.started'",
    ),
    "sessions ended": (
        "SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL",
        "SELECT count(*) FROM audit_events WHERE action IN ('session.ended', 'session.reuse_detected')",
    ),
    "secrets made": (
        "SELECT count(*) FROM client_secrets",
        "SELECT count(*) FROM audit_events WHERE action IN ('client.created', 'client.secret_rotated')",
    ),
    "secrets alive": (
        "SELECT count(*) FROM client_secrets WHERE revoked_at IS NULL",
        "SELECT count(*) FROM oauth_clients",
    ),
    "clients": (
        "SELECT count(*) FROM oauth_clients",
        "SELECT count(*) FROM audit_events WHERE action = 'client.created'",
    ),
    "people": (
        "SELECT count(*) FROM users",
        "SELECT count(*) FROM audit_events WHERE action IN ('account.created', 'user.joined')",
    ),
    "trail and its heads": (
        "SELECT sum(seq) FROM audit_heads",
        "SELECT count(*) FROM audit_events",
    ),
}


def differences(database: Database) -> list[str]:
    """Each pair of numbers that should be one, as long as nothing is deleted and no rotation overlaps."""
    found = []
    for name, (change, told) in SAME_NUMBER.items():
        left, right = rows(database, f"SELECT ({change}), ({told})")[0]
        if left != right:
            found.append(f"{name}: {left} in the rows, {right} in the trail")
    return found
