"""Finds the journey of a batch or an item in the graph of traceability: its events, and how it was made of what.

A reader who sees it by roles gets only the events of the issuer, and of each only the step, the time, and a place that
passports name. A partner with a share of events gets what traceability shows them, without places.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.catalog.identifiers.digital_link import RESOLVER
from linkxg.network.passports.documents.addresses import product_identifier
from linkxg.network.passports.documents.build_document import build_document
from linkxg.network.passports.documents.model import PUBLIC, PassportRecord, Redacted
from linkxg.network.passports.documents.page_details import Journey, JourneyPlace, JourneyStep
from linkxg.network.passports.documents.redaction import redact
from linkxg.network.passports.read.store import list_model_passports
from linkxg.network.traceability.find_journey_events import find_own_journey, find_shared_journey
from linkxg.network.traceability.journey_model import LocatedEvent

MAX_STEPS = 30
_LOCATION = re.compile(re.escape(RESOLVER) + r"/414/([0-9]{13})(?:/254/.*)?")


class FoundJourney(NamedTuple):
    """`reads` are the products of partners whose events were read, by partner."""

    journey: Journey
    reads: Mapping[str, set[str]]


def find_journey(conn: Connection, redacted: Redacted, viewer_id: str | None, now: int) -> FoundJourney | None:
    """The journey that the reader sees, if any; `viewer_id` is the account of a reader who may read traces."""
    passport, account_id = redacted.passport, redacted.passport.account_id
    uris = _identifiers(passport)
    if redacted.shows_journey:
        found = find_own_journey(conn, account_id, uris, rows=MAX_STEPS + 1)
    elif viewer_id not in (None, account_id) and redacted.is_latest and passport.granularity != "model":
        found = find_shared_journey(conn, str(viewer_id), account_id, uris, now, rows=MAX_STEPS + 1)
    else:
        return None
    upstream = _upstream_passports(conn, account_id, found.made.values())
    places = _places(redacted, upstream.values())
    ordered = sorted(found.found.values(), key=lambda event: (event.event_time, event.id))
    steps = tuple(_step(event, found.made.get(event.id), upstream, places) for event in ordered[-MAX_STEPS:])
    is_cut = found.is_cut or len(ordered) > MAX_STEPS
    return FoundJourney(Journey(steps, is_cut), found.reads) if steps else None


def _identifiers(passport: PassportRecord) -> list[str]:
    """The Digital Links of a unit: events of an item with a lot may name both, or either of them."""
    wanted = [passport]
    if passport.lot and passport.serial:
        wanted += [passport._replace(lot=""), passport._replace(serial="")]
    return [product_identifier(one) for one in wanted]


def _upstream_passports(conn: Connection, account_id: str, made: Iterable[str | None]) -> dict[str, Redacted]:
    """The public passports of the issuer's models with these GTINs, by GTIN."""
    gtins = {gtin14 for gtin14 in made if gtin14 is not None}
    stored = list_model_passports(conn, account_id, gtins) if gtins else []
    return {one.passport.gtin14: redact(build_document(one), PUBLIC) for one in stored}


def _places(redacted: Redacted, upstream: Iterable[Redacted]) -> dict[str, JourneyPlace]:
    """The places that the reader knows from passports, by GLN: any other may be a partner's."""
    found: dict[str, JourneyPlace] = {}
    if redacted.issuer.gln:
        found[redacted.issuer.gln] = JourneyPlace(redacted.issuer.name, None)
    for one in (*upstream, redacted):
        facility = one.fields.get("facility") or {}
        if facility.get("gln") and (facility.get("name") or facility.get("country")):
            found[facility["gln"]] = JourneyPlace(facility.get("name"), facility.get("country"))
    return found


def _step(
    event: LocatedEvent, made: str | None, upstream: Mapping[str, Redacted], places: Mapping[str, JourneyPlace]
) -> JourneyStep:
    named = upstream.get(made) if made is not None else None
    name = named.fields.get("name") if named is not None else None
    return JourneyStep(
        event.event_time,
        event.biz_step,
        _place(event, places),
        name,
        named.passport.id if named is not None and name else None,
        event.type == "TransformationEvent",
    )


def _place(event: LocatedEvent, places: Mapping[str, JourneyPlace]) -> JourneyPlace | None:
    """Where it happened, or else where its objects are since."""
    for uri in (event.read_point, event.biz_location):
        location = _LOCATION.fullmatch(uri) if uri else None
        if location is not None and location[1] in places:
            return places[location[1]]
    return None
