"""Registers routers within routers without deep copies of all that they refer to.

Litestar copies a router with everything below it, metadata included, once for each router around it: a quarter of what
building the application takes. Registration changes only the layers themselves, so only those are copied.
"""

from copy import copy
from typing import TYPE_CHECKING

from litestar import Controller, Router
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

if TYPE_CHECKING:
    from litestar.types.internal_types import RouteHandlerType


class LayerCopies(Router):
    """A router, or an application, that copies layers when a router is registered with it."""

    def _validate_registration_value(self, value: ControllerRouterHandler) -> "RouteHandlerType | Router":
        if isinstance(value, Router) and value is not self:
            routes = [route for route in value.routes if isinstance(route, HTTPRoute)]
            if len(routes) == len(value.routes):
                return _Copies(value, self).of(routes)
        return super()._validate_registration_value(value)


class _Copies:
    """Copies of `router`, its routes and its handlers, which belong to each other and to `owner`."""

    def __init__(self, router: Router, owner: Router) -> None:
        self._router = copy(router)
        self._router.owner = owner
        self._layers = {id(router): self._router}
        self._handlers: dict[int, HTTPRouteHandler] = {}

    def of(self, routes: list[HTTPRoute]) -> Router:
        self._router.routes = []
        for route in routes:
            made = copy(route)
            made.route_handlers = [self._handler(handler) for handler in route.route_handlers]
            self._router.routes.append(made)
        return self._router

    def _handler(self, handler: HTTPRouteHandler) -> HTTPRouteHandler:
        made = self._handlers.get(id(handler))
        if made is None:
            made = self._handlers[id(handler)] = copy(handler)
            made.owner = self._layer(handler.owner)
        return made

    def _layer(self, layer: Controller | Router | None) -> Router:
        if not isinstance(layer, Router):
            raise TypeError(f"{layer} is no layer below {self._router.path}")
        made = self._layers.get(id(layer))
        if made is None:
            made = self._layers[id(layer)] = copy(layer)
            made.owner = self._layer(layer.owner)
        return made
