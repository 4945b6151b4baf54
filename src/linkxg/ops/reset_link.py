"""A link for a new password, made by the operator."""

from linkxg.identity.password_reset.create_link import create_operator_link
from linkxg.identity.password_reset.model import PasswordLink
from linkxg.ops.command_notices import command_notices
from linkxg.ops.installation import connected, existing_database
from linkxg.settings import Settings


async def make_reset_link(settings: Settings, email: str) -> PasswordLink:
    """The link; the person is told by mail."""
    existing_database(settings)
    async with connected(settings) as database, command_notices(settings, database) as notices:
        return await create_operator_link(database, notices, settings.public_url, email)
