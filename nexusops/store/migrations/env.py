"""Alembic's entry: migrates the connection that it is given, in that connection's transaction."""

from alembic import context

from nexusops.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
context.run_migrations()
