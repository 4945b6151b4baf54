"""Many products at once, for imports: look up, plan, write, a thousand rows in one unit of work.

`find_current` (store) → `plan_row` (pure) → `write_planned` (store). Planning needs no connection, so it need not hold
a transaction open; what changed in between comes back as `STALE` and is looked up and planned again.
"""
