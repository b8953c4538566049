"""Runs the migrations on the connection that `open_store` holds."""

from alembic import context

from stagesync.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
