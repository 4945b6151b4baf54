"""The kinds of bulk jobs of this program, and the process that runs one: `python -m linkxg.job_kinds`."""

from linkxg.catalog.product_imports.product_import import ProductImport
from linkxg.jobs.handler import Kinds
from linkxg.jobs.process_main import main
from linkxg.network.epcis.capture.capture_job import EventCapture
from linkxg.publish_hooks import PUBLISH_HOOKS

PROCESS = "linkxg.job_kinds"
KINDS: Kinds = {kind.resource: kind for kind in (ProductImport(PUBLISH_HOOKS), EventCapture())}

if __name__ == "__main__":
    main(KINDS)
