"""The usage counts of a client."""

import msgspec

TOKENS, CALLS, REFUSED = "tokens", "calls", "refused"


class Count(msgspec.Struct, gc=False):
    """Times that a client did one thing on one day (since the epoch); `first` and `last` in milliseconds.

    `kind` is a column of `client_usage`. `detail` is the id of the secret that a token was issued for, or the scope
    that a call needed.
    """

    client_id: str
    kind: str
    detail: str | None
    day: int
    times: int
    first: int
    last: int
    source: str = ""
