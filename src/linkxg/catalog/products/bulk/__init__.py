"""Writes many products in one transaction, for imports: `find_stored`, then `plan_row`, then `write_rows`.

Planning needs no connection, so no transaction stays open; a row whose product has changed in the meantime is `STALE`,
and is looked up and planned again.
"""
