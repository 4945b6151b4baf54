"""The routers of passports."""

from litestar import Router

from linkxg.catalog.products.routes import FindPassport
from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.http.edge import FastRead, Reads
from linkxg.http.error_responses import ErrorResponses
from linkxg.http.pagination import Cursors
from linkxg.identity.tokens.guard import Guard
from linkxg.network.passports.access import routes as access_routes
from linkxg.network.passports.access.grant_access import AccessServices
from linkxg.network.passports.carriers import routes as carrier_routes
from linkxg.network.passports.carriers.qr_code import QrCodes
from linkxg.network.passports.carriers.qr_code_endpoint import CarrierServices, DrawQrCodeEndpoint
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.en18222 import routes as en18222_routes
from linkxg.network.passports.issue import routes as issue_routes
from linkxg.network.passports.issue.routes import IssueServices
from linkxg.network.passports.read import routes as read_routes
from linkxg.network.passports.read.error_page_endpoint import PassportErrors
from linkxg.network.passports.read.find_reference import reference_finder
from linkxg.network.passports.read.passport_endpoint import PassportServices, ReadPassportEndpoint
from linkxg.network.passports.read.public_passports import PublicPassports
from linkxg.network.passports.read.read_page_details import PageDetailsReader
from linkxg.network.passports.read.representation import Representations
from linkxg.network.passports.resolver import routes as resolver_routes
from linkxg.network.passports.resolver.cross_origin import CrossOriginOptions
from linkxg.network.passports.resolver.routes import ResolverServices
from linkxg.network.passports.signing import routes as signing_routes
from linkxg.network.passports.signing.revoke_status import revoke_passport
from linkxg.network.passports.signing.routes import SigningServices
from linkxg.network.passports.signing.sign_passport import PassportSigner
from linkxg.network.passports.validation import routes as validation_routes
from linkxg.network.passports.validation.routes import ValidationServices
from linkxg.network.shared_products.model import CountReads


class PassportRouters:
    """Builds the services of passports and their routers.

    Those `of_api` are below the base of the API; `public` ones are below the root, where passports, carriers and
    verifiers refer to.
    """

    of_api: list[Router]
    public: list[Router]
    find_reference: FindPassport
    cross_origin: CrossOriginOptions

    def __init__(
        self,
        database: Database,
        cursors: Cursors,
        public_url: str,
        server_key: bytes,
        error_responses: ErrorResponses,
        count_reads: CountReads,
    ) -> None:
        addresses = Addresses(public_url)
        signer, details = PassportSigner(database, addresses, server_key), PageDetailsReader(database, count_reads)
        representations = Representations(addresses, signer, details)
        public = PublicPassports(database, representations)
        reading = PassportServices(database, cursors, addresses, representations, public)
        signing = SigningServices(database, addresses, server_key)
        issuing = IssueServices(database, revoke_passport)
        access = AccessServices(database, server_key, public_url)
        carrying = CarrierServices(database, addresses, QrCodes())
        self.of_api = [
            read_routes.router(reading),
            issue_routes.router(issuing),
            signing_routes.router(signing),
            carrier_routes.router(carrying),
            access_routes.router(access, reading),
            validation_routes.router(ValidationServices(database, addresses)),
        ]
        self._errors = PassportErrors(error_responses)
        for_people = Router(
            "/",
            route_handlers=[
                read_routes.public_router(reading),
                access_routes.public_router(access, reading),
                resolver_routes.public_router(ResolverServices(database, addresses, public)),
            ],
            exception_handlers={PublicError: self._errors.refuse},
        )
        self.public = [
            for_people,
            signing_routes.public_router(signing),
            en18222_routes.public_router(reading, error_responses),
            carrier_routes.public_router(carrying),
        ]
        self.cross_origin = CrossOriginOptions(public_url)
        self._reading, self._carrying = reading, carrying
        self.find_reference = reference_finder(database, addresses)

    def reads(self, guard: Guard) -> Reads:
        """The reads of the fast path."""
        read = FastRead(
            "passport_id", ReadPassportEndpoint(self._reading, guard, self._errors.reply), answers_pages=True
        )
        qr = FastRead("passport_id", DrawQrCodeEndpoint(self._carrying, guard), tail="/qr", answers_pages=True)
        parents = (read_routes.PATH, "/dpp")
        return [(parent, one) for parent in parents for one in (read, qr)]
