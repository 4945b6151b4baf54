"""The party for which products are read."""

from typing import NamedTuple


class Viewer(NamedTuple):
    """An account, which sees its own products."""

    account_id: str
