"""The routers of passports."""

from litestar import Router

from linkxg.catalog.products.routes import FindPassport
from linkxg.db import Database
from linkxg.http.edge import Reads
from linkxg.http.pagination import Cursors
from linkxg.identity.tokens.guard import Guard
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.issue import routes as issue_routes
from linkxg.network.passports.issue.routes import IssueServices
from linkxg.network.passports.read import routes as read_routes
from linkxg.network.passports.read.find_reference import reference_finder
from linkxg.network.passports.read.passport_endpoint import PassportServices, ReadPassportEndpoint
from linkxg.network.passports.read.public_passports import PublicPassports
from linkxg.network.passports.read.representation import Representations
from linkxg.network.passports.signing import routes as signing_routes
from linkxg.network.passports.signing.revoke_status import revoke_passport
from linkxg.network.passports.signing.routes import SigningServices
from linkxg.network.passports.signing.sign_passport import PassportSigner


class PassportRouters:
    """`of_api` are below the base of the API, `public` below the root: what passports, carriers and verifiers name."""

    of_api: list[Router]
    public: list[Router]
    find_reference: FindPassport

    def __init__(self, database: Database, cursors: Cursors, public_url: str, server_key: bytes) -> None:
        addresses = Addresses(public_url)
        representations = Representations(addresses, PassportSigner(database, addresses, server_key))
        public = PublicPassports(database, representations)
        reading = PassportServices(database, cursors, addresses, representations, public)
        signing = SigningServices(database, addresses, server_key)
        issuing = IssueServices(database, revoke_passport)
        self.of_api = [read_routes.router(reading), issue_routes.router(issuing), signing_routes.router(signing)]
        self.public = [read_routes.public_router(reading), signing_routes.public_router(signing)]
        self._reading = reading
        self.find_reference = reference_finder(database, addresses)

    def reads(self, guard: Guard) -> Reads:
        """What the edge answers by itself."""
        read = ("passport_id", ReadPassportEndpoint(self._reading, guard))
        return {read_routes.PATH: read, "/dpp": read}
