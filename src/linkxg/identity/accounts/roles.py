"""The roles of people in an account, and which of them may manage which."""

from typing import Literal

Role = Literal["OWNER", "ADMIN", "MEMBER", "VIEWER"]
EVERYONE: tuple[Role, ...] = ("OWNER", "ADMIN", "MEMBER", "VIEWER")
OWNERS: tuple[Role, ...] = ("OWNER",)
ADMINISTRATORS: tuple[Role, ...] = ("OWNER", "ADMIN")
RANK = {"OWNER": 3, "ADMIN": 2, "MEMBER": 1, "VIEWER": 0}


def may_manage(actor_role: str | None, target_role: str) -> bool:
    """Only an Owner may create, change or remove an Owner; an Admin manages everybody else."""
    if actor_role == "OWNER":
        return True
    return actor_role == "ADMIN" and target_role != "OWNER"
