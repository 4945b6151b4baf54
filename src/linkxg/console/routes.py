"""The routes of the console, guarded by `ConsoleGuard`; errors are rendered as pages."""

from typing import Any

from litestar import Request, Response, Router
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from linkxg.console import (
    adopt_product,
    api_access,
    ask_partner,
    audit_log,
    captures,
    client_authentication,
    client_certificates,
    client_credentials,
    client_page,
    client_settings,
    company,
    email_change,
    event_page,
    event_queries,
    events,
    imports,
    invitation,
    least_scope,
    members,
    my_account,
    new_passport_link,
    new_product,
    partner_invitation,
    partner_reads,
    partner_shares,
    partners,
    passkeys,
    passport_access,
    passport_labels,
    passport_links,
    passport_preview,
    passport_requests,
    passport_unit,
    passport_units,
    password_link,
    password_reset,
    product_page,
    product_passport,
    product_publish,
    product_removal,
    product_versions,
    products,
    profile,
    provisioning,
    recall_announcement,
    recall_page,
    recalls,
    rejections,
    request_page,
    requests,
    rotation,
    second_step,
    security,
    share_editor,
    share_page,
    shared_product,
    shared_products,
    sign_in,
    sign_in_rules,
    sign_up,
    single_sign_on,
    sso_sign_in,
    static_files,
    subscription_page,
    subscriptions,
    trace_item,
    trace_page,
    welcome,
)
from linkxg.console.console_services import ConsoleServices
from linkxg.console.error_pages import ErrorPages
from linkxg.console.guard import ConsoleGuard, SignInRequired, page_request_of
from linkxg.errors import InvalidToken, PublicError
from linkxg.http.body_style import BodyStyle

_FEATURES = (
    sign_in, second_step, sso_sign_in, sign_up, invitation, email_change, welcome, api_access, client_page,
    client_settings, client_authentication, client_credentials, client_certificates, rotation, least_scope, rejections,
    members, password_reset, password_link, company, provisioning, single_sign_on, profile, security, sign_in_rules,
    my_account, passkeys, audit_log, products, new_product, product_page, product_passport, passport_preview,
    passport_access, passport_units, passport_unit, passport_labels, new_passport_link, product_publish,
    product_removal, product_versions, imports, events, captures, event_queries, subscriptions, subscription_page,
    event_page, partners, partner_shares, partner_reads, partner_invitation, share_editor, share_page, requests,
    passport_requests, passport_links, request_page, ask_partner, shared_products, shared_product, adopt_product,
    trace_page, trace_item, recalls, recall_announcement,
    recall_page,
)  # fmt: skip
_PAGES = {"style": BodyStyle.PAGE}


def routes(services: ConsoleServices, errors: ErrorPages) -> list[Router]:
    """The pages, and the static files that they load."""

    guard = ConsoleGuard(services)

    # Functions, not bound methods: Litestar deep-copies what it is given, with all that it refers to.
    async def check(connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
        await guard(connection, route)

    def refuse(request: Request[Any, Any, Any], error: PublicError) -> Response[str]:
        return errors.refuse(request, error)

    def sign_in_first(request: Request[Any, Any, Any], error: SignInRequired | InvalidToken) -> Response[str]:
        return errors.sign_in_first(request, error)

    def refuse_framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[str]:
        return errors.refuse_framework(request, error)

    def unexpected(request: Request[Any, Any, Any], fault: Exception) -> Response[Any]:
        return errors.unexpected(request, fault)

    pages = Router(
        "/",
        route_handlers=[handler for feature in _FEATURES for handler in feature.HANDLERS],
        guards=[check],
        dependencies={"page": Provide(page_request_of, sync_to_thread=False)},
        opt=_PAGES,
        include_in_schema=False,
        exception_handlers={
            PublicError: refuse,
            SignInRequired: sign_in_first,
            InvalidToken: sign_in_first,
            HTTPException: refuse_framework,
            Exception: unexpected,
        },
    )
    return [pages, Router("/", route_handlers=[static_files.static], opt=_PAGES, include_in_schema=False)]
