"""A passport with one of its versions, as it is stored, and the roles in which it is read."""

from typing import Any, Literal, NamedTuple

PassportRole = Literal["public", "legitimateInterest", "authority", "owner"]
"""A set of roles, not a ladder: an authority does not see what is for a legitimate interest alone."""
Roles = frozenset[PassportRole]
PUBLIC: Roles = frozenset({"public"})
EVERYTHING: Roles = frozenset({"public", "legitimateInterest", "authority", "owner"})
PassportGranularity = Literal["model", "batch", "item"]
LifeStatus = Literal["original", "re-used", "repurposed", "remanufactured", "waste"]
LIFE_STATUSES: tuple[LifeStatus, ...] = ("original", "re-used", "repurposed", "remanufactured", "waste")
PassportStatus = Literal["active", "inactive", "archived", "invalid"]


class PassportRecord(NamedTuple):
    """A row of `passports`: its identity never changes. `version` is the newest."""

    account_id: str
    id: str
    product_id: str
    gtin14: str
    lot: str
    serial: str
    version: int
    life_status: LifeStatus
    predecessor: str | None
    successor_id: str | None
    created_at: int
    withdrawn_at: int | None
    withdraw_reason: str | None

    @property
    def granularity(self) -> PassportGranularity:
        return "item" if self.serial else "batch" if self.lot else "model"

    @property
    def elements(self) -> list[tuple[str, str]]:
        """The application identifiers that name it, with their values: GTIN, lot and serial (GS1 Digital Link §4)."""
        pairs = (("01", self.gtin14), ("10", self.lot), ("21", self.serial))
        return [(ai, value) for ai, value in pairs if value]


class PassportVersionRecord(NamedTuple):
    """A version of a passport with the version of the product in it; `details` is JSON of a batch or an item."""

    version: int
    product_id: str
    product_version: int
    life_status: LifeStatus
    issued_at: int
    details: str | None
    product_status: str
    version_status: str
    withdrawn_at: int | None
    withdraw_reason: str | None


class Issuer(NamedTuple):
    """The account that is responsible for the passport."""

    name: str
    slug: str
    gln: str | None


class StoredPassport(NamedTuple):
    """A passport, one of its versions, the issuer, and the content of the product as canonical JSON.

    `later_contents` are those of other versions, each of which withholds fields of this one too.
    """

    passport: PassportRecord
    version: PassportVersionRecord
    issuer: Issuer
    content: str
    later_contents: tuple[str, ...] = ()


class Withdrawal(NamedTuple):
    at: int
    reason: str | None


class PassportDocument(NamedTuple):
    """The whole of a passport, for `redact` alone. `access` has the set of roles of each field that is not public.

    What the `later` documents withhold, this one withholds too: of an earlier version they are the newest one, and of
    a batch or an item what it would be if it were issued again.
    """

    passport: PassportRecord
    version: PassportVersionRecord
    issuer: Issuer
    fields: dict[str, Any]
    access: dict[str, Roles]
    later: "tuple[PassportDocument, ...]" = ()


class Redacted(NamedTuple):
    """What readers in these roles see of a passport; `withheld` are the names of what they do not see.

    `earlier_roles` are those in which they read the versions before the newest one.
    """

    passport: PassportRecord
    version: PassportVersionRecord
    issuer: Issuer
    fields: dict[str, Any]
    withheld: tuple[str, ...]
    roles: Roles
    is_latest: bool
    shows_journey: bool
    earlier_roles: Roles = PUBLIC

    @property
    def product_name(self) -> str:
        """The name, or the GTIN if the reader may not see the name."""
        return str(self.fields.get("name") or f"GTIN {self.passport.gtin14}")

    @property
    def title(self) -> str:
        """The name of the product, with the lot and the serial."""
        parts = [self.product_name]
        parts += [f"lot {self.passport.lot}"] if self.passport.lot else []
        parts += [f"serial {self.passport.serial}"] if self.passport.serial else []
        return ", ".join(parts)

    @property
    def withdrawal(self) -> Withdrawal | None:
        """The withdrawal of the passport, or of the version of the product in it."""
        if self.passport.withdrawn_at is not None:
            return Withdrawal(self.passport.withdrawn_at, self.passport.withdraw_reason)
        if self.version.version_status == "WITHDRAWN" and self.version.withdrawn_at is not None:
            return Withdrawal(self.version.withdrawn_at, self.version.withdraw_reason)
        return None

    @property
    def status(self) -> PassportStatus:
        """EN 18223: `invalid` is withdrawn, `archived` a version that has a newer one."""
        if self.withdrawal is not None:
            return "invalid"
        if not self.is_latest:
            return "archived"
        is_over = self.passport.successor_id is not None or self.version.life_status == "waste"
        return "inactive" if is_over or self.version.product_status == "ARCHIVED" else "active"


class StatusEntry(NamedTuple):
    """The place of a credential in a status list of its issuer."""

    list_number: int
    position: int
