"""Alembic's hook: run the chain on the connection (and in the transaction) that `migrate` holds."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
