"""A decorator for Django's views. `LINKXG_GUARD` in Django's settings has the arguments of `GuardSettings`."""

from collections.abc import Callable
from functools import cache, wraps
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from linkxg_guard.errors import GuardError
from linkxg_guard.principal import Principal
from linkxg_guard.settings import GuardSettings
from linkxg_guard.threaded import ThreadedGuard
from linkxg_guard.wsgi import authenticate


@cache
def guard() -> ThreadedGuard:
    """The guard of this process."""
    return ThreadedGuard(GuardSettings(**settings.LINKXG_GUARD))


def require(*scopes: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Lets only callers with all of these scopes into the view; the caller is `request.linkxg`.

    The view is exempt from CSRF checks, which protect cookies: a browser sends no Authorization header by itself.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        if iscoroutinefunction(view):

            @wraps(view)
            async def guarded_async(request: HttpRequest, *arguments: Any, **keywords: Any) -> Any:
                try:
                    request.linkxg = await sync_to_async(_authenticate, thread_sensitive=False)(request, scopes)
                except GuardError as error:
                    return _answer(error)
                return await view(request, *arguments, **keywords)

            return _without_csrf(guarded_async)

        @wraps(view)
        def guarded(request: HttpRequest, *arguments: Any, **keywords: Any) -> Any:
            try:
                request.linkxg = _authenticate(request, scopes)
            except GuardError as error:
                return _answer(error)
            return view(request, *arguments, **keywords)

        return _without_csrf(guarded)

    return decorate


def _without_csrf(view: Callable[..., Any]) -> Callable[..., Any]:
    view.csrf_exempt = True  # type: ignore[attr-defined]
    return view


def _authenticate(request: HttpRequest, scopes: tuple[str, ...]) -> Principal:
    return authenticate(guard(), request.META, scopes)


def _answer(error: GuardError) -> HttpResponse:
    answer = HttpResponse(error.body(), status=error.status)
    for name, value in error.headers():
        answer[name] = value
    return answer
