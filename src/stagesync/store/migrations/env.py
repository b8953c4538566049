"""Runs the migrations in the transaction that `store.migrating` began."""

from alembic import context

from stagesync.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
