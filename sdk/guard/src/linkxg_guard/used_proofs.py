"""Which DPoP proofs were used, so that each is accepted once (RFC 9449 §11.1): in memory, or in a shared store."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction

from linkxg_guard.clock import now
from linkxg_guard.errors import TemporarilyUnavailable

UseProof = Callable[[str, int], bool | Awaitable[bool]]
"""`use_proof(id, seconds)` keeps the id for so long, and returns whether it was not known before; atomically."""
STORE_S = 5.0


class UsedProofs:
    """Those of this process. If there are too many, none is forgotten early: proofs are refused until there is room."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ends: dict[str, float] = {}

    def use(self, id: str, keep_s: int) -> bool:
        """Called in one thread, and always with the same time: the oldest ends first."""
        moment, ends = now(), self._ends
        while ends and ends[oldest := next(iter(ends))] <= moment:
            del ends[oldest]
        if id in ends:
            return False
        if len(ends) >= self._most:
            raise TemporarilyUnavailable("too many DPoP proofs")
        ends[id] = moment + keep_s
        return True


async def ask_store(use_proof: UseProof, id: str, keep_s: int) -> bool:
    """Whether a store of the operator has not known the id. Raises TemporarilyUnavailable if it does not say."""
    try:
        async with asyncio.timeout(STORE_S):
            if iscoroutinefunction(use_proof):
                found = await use_proof(id, keep_s)
            else:
                found = await asyncio.to_thread(use_proof, id, keep_s)
                if isinstance(found, Awaitable):
                    found = await found
    except Exception as fault:  # noqa: BLE001  whatever it is, it is unknown whether the proof was used
        raise TemporarilyUnavailable(f"the store of DPoP proofs: {type(fault).__name__}") from None
    if found is True or found is False:
        return found
    raise TemporarilyUnavailable("the store of DPoP proofs answered neither True nor False")
