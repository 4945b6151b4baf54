"""Registers routes in a fraction of the time.

Litestar copies a router with everything below it, metadata included, once for each router around it, and maps all
routes anew for each one that is registered: half of what building the application takes. Registration changes only the
layers themselves, so only those are copied, and it asks for one path at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING

from litestar import Controller, Router
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

if TYPE_CHECKING:
    from litestar.routes import BaseRoute
    from litestar.types.internal_types import RouteHandlerMapItem, RouteHandlerType


class LayerCopies(Router):
    """A router, or an application, that copies layers when a router is registered with it."""

    def _validate_registration_value(self, value: ControllerRouterHandler) -> "RouteHandlerType | Router":
        if isinstance(value, Router) and value is not self:
            routes = [route for route in value.routes if isinstance(route, HTTPRoute)]
            if len(routes) == len(value.routes):
                return _Copies(value, self).of(routes)
        return super()._validate_registration_value(value)

    @property
    def route_handler_method_map(self) -> "Mapping[str, RouteHandlerMapItem]":  # type: ignore[override]
        return _Handlers(self.routes)


class _Handlers(Mapping[str, "RouteHandlerMapItem"]):
    """The handlers of `routes` by path and method; for one path, only those of that path are mapped."""

    def __init__(self, routes: "Sequence[BaseRoute]") -> None:
        self._routes = routes

    def __getitem__(self, path: str) -> "RouteHandlerMapItem":
        found = [route for route in self._routes if route.path == path]
        if not found:
            raise KeyError(path)
        return {
            method: handler
            for route in found
            if isinstance(route, HTTPRoute)
            for handler in route.route_handlers
            for method in handler.http_methods
        }

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(route.path for route in self._routes))

    def __len__(self) -> int:
        return len({route.path for route in self._routes})


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
