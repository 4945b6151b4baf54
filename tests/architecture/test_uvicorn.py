"""What the program uses of uvicorn beyond its documentation still exists, under the same names.

The HTTP protocol extends uvicorn's: a method that uvicorn renames is no longer overridden, and the bound that ours
keeps is gone without a sound. The version in `pyproject.toml` is bounded; whoever raises the bound runs these tests.
"""

from __future__ import annotations

import inspect
import tomllib
from types import ModuleType
from typing import Any

import httptools
import pytest
import uvicorn
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import Server, ServerState

from architecture.program import ROOT
from linkxg.http.application import BufferedRequest, HttpApplication
from linkxg.http.edge import Edge
from linkxg.server.fast_path import FastPathProtocol
from linkxg.server.flow_control import ConnectionFlow
from linkxg.server.uvicorn_config import HttpServer

METHODS: dict[type, dict[str, str]] = {
    HttpToolsProtocol: {
        "__init__": "self config server_state app_state _loop",
        "connection_made": "self transport",
        "connection_lost": "self exc",
        "data_received": "self data",
        "_unset_keepalive_if_required": "self",
        "_start_asgi_task": "self cycle app",
        "on_message_begin": "self",
        "on_url": "self url",
        "on_header": "self name value",
        "on_headers_complete": "self",
        "on_body": "self body",
        "on_message_complete": "self",
        "on_response_complete": "self",
        "shutdown": "self",
        "pause_writing": "self",
        "resume_writing": "self",
        "timeout_keep_alive_handler": "self",
    },
    FlowControl: {
        "__init__": "self transport",
        "drain": "self",
        "pause_reading": "self",
        "resume_reading": "self",
        "pause_writing": "self",
        "resume_writing": "self",
    },
    Server: {
        "__init__": "self config",
        "run": "self sockets",
        "startup": "self sockets",
        "shutdown": "self sockets",
        "handle_exit": "self sig frame",
    },
}
# Methods of uvicorn's HTTP protocol that ours neither overrides nor has to: sockets are upgraded to nothing here.
UNTOUCHED = {
    "eof_received", "handle_websocket_upgrade", "send_400_response", "_get_upgrade", "_should_upgrade",
    "_should_upgrade_to_ws", "_unsupported_upgrade_warning",
}  # fmt: skip
OF_A_PROTOCOL = {
    "app", "client", "config", "cycle", "expect_100_continue", "flow", "headers", "loop", "parser", "pipeline",
    "scheme", "scope", "server_state", "timeout_keep_alive", "timeout_keep_alive_task", "transport", "url",
}  # fmt: skip
# Read and set by ours; those of `BufferedRequest`, too, are what uvicorn's protocol asks of a cycle.
OF_A_CYCLE = {
    "body", "disconnected", "keep_alive", "message_event", "response_complete", "response_started", "transport",
}  # fmt: skip


@pytest.mark.parametrize("owner", METHODS, ids=lambda owner: owner.__name__)
def test_methods_keep_their_parameters(owner: type) -> None:
    found = {name: " ".join(inspect.signature(getattr(owner, name)).parameters) for name in METHODS[owner]}
    assert found == METHODS[owner]


def test_uvicorns_protocol_has_no_unreviewed_method() -> None:
    found = {name for name, member in vars(HttpToolsProtocol).items() if inspect.isfunction(member)}
    assert found == METHODS[HttpToolsProtocol].keys() | UNTOUCHED


def test_objects_keep_their_attributes() -> None:
    state = ServerState()
    loop: Any = object()
    protocol: Any = HttpToolsProtocol(uvicorn.Config(Edge, log_config=None), state, {}, loop)
    protocol.on_message_begin()
    assert vars(protocol).keys() >= OF_A_PROTOCOL
    assert vars(state).keys() >= {"total_requests", "default_headers"}
    transport: Any = object()
    assert vars(FlowControl(transport)).keys() >= {"_transport", "read_paused", "write_paused"}
    assert vars(Server(protocol.config)).keys() >= {"config", "started", "should_exit"}
    names = list(inspect.signature(RequestResponseCycle).parameters)
    cycle: Any = RequestResponseCycle(**dict.fromkeys(names))  # type: ignore[arg-type]
    assert vars(cycle).keys() >= OF_A_CYCLE


def test_our_request_has_what_uvicorn_expects_of_a_cycle() -> None:
    """Outside of its task, uvicorn looks at a cycle when the connection is lost and when the server shuts down."""
    sources = [inspect.getsource(getattr(HttpToolsProtocol, name)) for name in ("connection_lost", "shutdown")]
    asked = {part.split(" ")[0].strip(":()\n") for source in sources for part in source.split("self.cycle.")[1:]}
    assert {name.partition(".")[0] for name in asked} <= set(dir(BufferedRequest))


def test_response_lines_and_patterns_are_unchanged() -> None:
    assert httptools_impl.STATUS_LINE[200] == b"HTTP/1.1 200 OK\r\n"
    assert httptools_impl.HEADER_VALUE_RE.search(b"a\r\nb")
    assert not httptools_impl.HEADER_VALUE_RE.search(b"plain, with a blank")


def test_our_classes_extend_the_reviewed_classes() -> None:
    assert issubclass(FastPathProtocol, HttpToolsProtocol)
    assert issubclass(ConnectionFlow, FlowControl)
    assert issubclass(HttpServer, Server)
    assert HttpApplication in Edge.__mro__, "mypy compares the edge with the contract only if it is derived from it"


def test_the_parser_stops_at_an_offer_to_upgrade_and_says_where() -> None:
    parser = httptools.HttpRequestParser(object())
    head = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: b\r\n\r\n"
    with pytest.raises(httptools.HttpParserUpgrade) as stop:
        parser.feed_data(head + b"rest")
    assert stop.value.args == (len(head),)
    assert (parser.get_method(), parser.get_http_version(), parser.should_upgrade()) == (b"GET", "1.1", True)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)


@pytest.mark.parametrize("library", [uvicorn, httptools], ids=lambda library: library.__name__)
def test_a_library_is_bounded_to_the_reviewed_version(library: ModuleType) -> None:
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (bounds,) = [one for one in dependencies if one.startswith(library.__name__)]
    major, minor = library.__version__.split(".")[:2]
    assert bounds == f"{library.__name__}>={major}.{minor},<{major}.{int(minor) + 1}"
