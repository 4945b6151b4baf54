"""Distributes the tests over pytest-xdist's processes.

Its own groups (`--dist loadgroup`) have no effect with pytest 9.2, which makes node ids otherwise.
"""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling

TOPOLOGY = re.compile(r"\[((?:sqlite|postgres)(?:-\d-(?:workers|nodes))?)")


class ByFileAndTopology(LoadScopeScheduling):  # type: ignore[misc]
    """One process runs all tests of a file on a topology, so that their servers are started once.

    In the order of the collection, topology by topology, or the general servers would be started again and again.
    """

    def _split_scope(self, nodeid: str) -> str:
        found = TOPOLOGY.search(nodeid)
        return f"{nodeid.partition('::')[0]} {found[1] if found else ''}"
