"""The curl commands of events and traces with the credentials of the demo."""

from urllib.parse import urlencode

from linkxg.network.epcis.documents.contexts import CONTEXT
from linkxg.ops.demo.brand_events import GARMENTS, SHOP, garment
from linkxg.ops.demo.create_demo import Demo
from linkxg.ops.demo.curl import API, Command, get, post
from linkxg.ops.demo.event_parts import lot_link, serial_link
from linkxg.ops.demo.mill_events import YARNS, yarn_lot

TRACED = 7
"""The number of the lot of fabric whose garment is traced, and of the lot of yarn that is recalled."""


def event_commands(url: str, demo: Demo, brand_token: str, weaver_token: str) -> list[Command]:
    api = url + API
    brand, weaver = demo.brand.company.name, demo.weaver.company.name
    sale = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-06-01T10:05:00Z",
        "epcisBody": {
            "eventList": [
                {
                    "type": "ObjectEvent",
                    "eventTime": "2026-06-01T12:03:00+02:00",
                    "eventTimeZoneOffset": "+02:00",
                    "action": "OBSERVE",
                    "bizStep": "retail_selling",
                    "disposition": "retail_sold",
                    "epcList": [serial_link(GARMENTS[TRACED % 4], 1_000 * TRACED + 12)],
                    "readPoint": {"id": SHOP.member["id"]},
                }
            ]
        },
    }
    sold = urlencode({"EQ_bizStep": "retail_selling", "GE_eventTime": "2026-03-01T00:00:00Z", "perPage": 5})
    trace = urlencode({"item": garment(TRACED, 1), "direction": "upstream", "depth": 5})
    recall = urlencode({"item": lot_link(YARNS[TRACED % 4], yarn_lot(TRACED))})
    return [
        Command(
            f"{brand}: capture a document of events; GET the address in the Location of the answer for its progress",
            post(f"{api}/epcis/capture", brand_token, sale, "GS1-Capture-Error-Behaviour: rollback"),
        ),
        Command(f"{brand}: what was sold, latest first", get(f"{api}/epcis/events?{sold}", brand_token)),
        Command(
            f"{brand}: what a jacket, shirt or pair of trousers was made of, also at {weaver}",
            get(f"{api}/traceability/graph?{trace}", brand_token),
        ),
        Command(
            f"{weaver}: a recall of a lot of yarn: the fabrics made of it, and who received them",
            get(f"{api}/traceability/impact?{recall}", weaver_token),
        ),
    ]
