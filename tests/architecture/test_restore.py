"""Of each table somebody has decided what a restore of an older backup does to what its rows allow. Promise R3."""

from __future__ import annotations

from linkxg.db.schema import metadata
from linkxg.ops.replace_database import _NOT_RESTORED
from linkxg.ops.tables import register_tables

ENDS = "every row that allows something ends"
REAPPLIED = "what the replaced database had ended, disabled or narrowed is so again"
ALLOWS_NOTHING = {
    "accounts", "acknowledgements", "audit_events", "audit_heads", "client_scope_usage", "client_secret_sources",
    "client_usage", "email_domains", "epcis_event_items", "epcis_event_values", "epcis_events", "epcis_genealogy",
    "epcis_items",
    "epcis_queries",
    "federated_identities", "feed_heads", "former_slugs", "import_batches", "import_blocks", "import_errors",
    "import_parts",
    "login_failures", "passport_access_requests", "passport_accesses", "passport_credentials", "passport_versions",
    "product_versions", "products", "recall_notices", "recalls", "refused_requests",
    "scim_users",
    "shared_reads",
}  # fmt: skip
"""Data, which return as they were."""
TREATED = {
    "sessions": ENDS,
    "invitations": ENDS,
    "email_changes": ENDS,
    "scim_tokens": ENDS,
    "connections": f"pending invitations: {ENDS}; connections: {REAPPLIED}",
    "users": REAPPLIED,
    "totp_factors": REAPPLIED,
    "passkeys": REAPPLIED,
    "recovery_codes": REAPPLIED,
    "oauth_clients": REAPPLIED,
    "client_secrets": REAPPLIED,
    "client_certificates": REAPPLIED,
    "client_assertion_credentials": REAPPLIED,
    "used_assertions": "those of both databases are kept, so that none works again",
    "shares": REAPPLIED,
    "share_requests": REAPPLIED,
    "identity_providers": "the client secret is sealed with the replaced key: nobody signs in until it is entered",
    "break_glass_owners": "Owners only, whose roles and passwords are those of the replaced database",
    "federated_sessions": "no session is live any more",
    "epcis_subscriptions": "every one is paused: it may have been deleted since, and delivers again when resumed",
    "passports": f"withdrawals: {REAPPLIED}",
    "passport_grants": ENDS,
    "passport_keys": "those of the replaced database are kept, so that what they signed is verified",
    "passport_status_entries": f"revocations: {REAPPLIED}; what the backup does not have is revoked",
    "import_jobs": "goes on as its caller, whose rights are checked again with each batch",
}


def test_of_each_table_it_is_decided_what_a_restore_revives() -> None:
    register_tables()
    not_restored = set(_NOT_RESTORED)
    assert not ALLOWS_NOTHING & TREATED.keys()
    assert not not_restored & (ALLOWS_NOTHING | TREATED.keys())
    undecided = metadata.tables.keys() ^ (ALLOWS_NOTHING | TREATED.keys() | not_restored)
    assert not undecided, (
        "A row that lets somebody in, or lets them see something, must not be revived by an older backup: see decision "
        "0011, `ops.access_state` and `ops.reapply_revocations`."
    )
