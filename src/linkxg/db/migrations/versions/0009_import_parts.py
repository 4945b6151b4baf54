"""Imports: files may come in parts, and go on where they broke off."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    count = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("import_jobs", sa.Column("upload_length", count, nullable=True))
    in_parts = sa.text("upload_length is not null")
    op.create_index(
        "ix_import_jobs_upload_length",
        "import_jobs",
        ["upload_length"],
        sqlite_where=in_parts,
        postgresql_where=in_parts,
    )
    op.create_table(
        "import_parts",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("begins_at", count, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "job_id", "begins_at", name="pk_import_parts"),
    )
