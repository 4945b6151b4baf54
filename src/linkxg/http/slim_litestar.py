"""Litestar without the plugins that are not used here."""

from litestar import Litestar
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin

from linkxg.http.route_copies import LayerCopies


class SlimLitestar(LayerCopies, Litestar):
    """Litestar with the one of its default plugins that is used here.

    Pydantic comes with typer, and the plugins for it would load a tenth of a worker's memory.
    """

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]
