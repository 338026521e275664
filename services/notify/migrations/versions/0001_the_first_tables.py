"""the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import infra.tables
from infra.immutable import guard


revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('answers',
    sa.Column('scope', sa.String(length=128), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('body_hash', sa.String(length=64), nullable=False),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('scope', 'key')
    )
    with op.batch_alter_table('answers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_answers_at'), ['at'], unique=False)

    op.create_table('closed_years',
    sa.Column('plan_id', sa.String(length=26), nullable=False),
    sa.Column('lapsed_fen', sa.BigInteger(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('plan_id')
    )
    op.create_table('decisions',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('subject', sa.String(length=128), nullable=False),
    sa.Column('about', sa.String(length=26), nullable=True),
    sa.Column('action', sa.String(length=64), nullable=False),
    sa.Column('outcome', sa.String(length=16), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=True),
    sa.Column('programme', sa.String(length=40), nullable=True),
    sa.Column('pack_version', sa.String(length=80), nullable=True),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('facts', infra.tables.Json(), nullable=False),
    sa.Column('actor', sa.String(length=128), nullable=True),
    sa.Column('actor_roles', infra.tables.Json(), nullable=False),
    sa.Column('correlation_id', sa.String(length=128), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_decisions_about'), ['about'], unique=False)
        batch_op.create_index(batch_op.f('ix_decisions_subject'), ['subject'], unique=False)

    op.create_table('deliveries',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('notification_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('message_id', sa.String(length=100), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=True),
    sa.Column('next_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('holder', sa.String(length=64), nullable=True),
    sa.Column('held_until', sa.Float(), nullable=True),
    sa.Column('at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('seq'),
    sa.UniqueConstraint('notification_id')
    )
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.create_index('deliveries_due', ['status', 'next_at'], unique=False)
        batch_op.create_index('deliveries_of_status', ['status', 'seq'], unique=False)
        batch_op.create_index(batch_op.f('ix_deliveries_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_deliveries_ended_at'), ['ended_at'], unique=False)

    op.create_table('inbox',
    sa.Column('consumer', sa.String(length=40), nullable=False),
    sa.Column('event_id', sa.String(length=26), nullable=False),
    sa.Column('at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('consumer', 'event_id')
    )
    with op.batch_alter_table('inbox', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inbox_at'), ['at'], unique=False)

    op.create_table('known_blacklist',
    sa.Column('entry_id', sa.String(length=26), nullable=False),
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('party_kind', sa.String(length=12), nullable=False),
    sa.Column('party_name', sa.String(length=120), nullable=True),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('ground', sa.String(length=60), nullable=False),
    sa.Column('effective_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('entry_id')
    )
    with op.batch_alter_table('known_blacklist', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_blacklist_programme'), ['programme'], unique=False)

    op.create_table('known_checkpoints',
    sa.Column('size', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('head', sa.String(length=64), nullable=False),
    sa.Column('at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('size')
    )
    op.create_table('known_nodes',
    sa.Column('node_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('closes_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('claims', sa.Integer(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('node_id')
    )
    with op.batch_alter_table('known_nodes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_nodes_programme'), ['programme'], unique=False)

    op.create_table('known_parties',
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('uscc', sa.String(length=18), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('party_id')
    )
    with op.batch_alter_table('known_parties', schema=None) as batch_op:
        batch_op.create_index('known_parties_shown', ['programme', 'kind', 'status', 'party_id'], unique=False)

    op.create_table('known_payments',
    sa.Column('payment_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('payment_id')
    )
    with op.batch_alter_table('known_payments', schema=None) as batch_op:
        batch_op.create_index('known_payments_shown', ['programme', 'provider_id', 'year'], unique=False)

    op.create_table('known_plans',
    sa.Column('plan_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('budget_fen', sa.BigInteger(), nullable=False),
    sa.Column('quota_fen', sa.BigInteger(), nullable=False),
    sa.Column('opens_on', sa.Date(), nullable=False),
    sa.Column('document', sa.String(length=200), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('plan_id')
    )
    with op.batch_alter_table('known_plans', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_plans_programme'), ['programme'], unique=False)

    op.create_table('known_products',
    sa.Column('product_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('category', sa.String(length=20), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.Column('voucher_eligible', sa.Boolean(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('product_id')
    )
    with op.batch_alter_table('known_products', schema=None) as batch_op:
        batch_op.create_index('known_products_shown', ['programme', 'status', 'product_id'], unique=False)

    op.create_table('known_quotas',
    sa.Column('application_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('application_id')
    )
    with op.batch_alter_table('known_quotas', schema=None) as batch_op:
        batch_op.create_index('known_quotas_shown', ['programme', 'application_id'], unique=False)

    op.create_table('notifications',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('event_id', sa.String(length=26), nullable=False),
    sa.Column('event_type', sa.String(length=100), nullable=False),
    sa.Column('template', sa.String(length=64), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=128), nullable=False),
    sa.Column('party_id', sa.String(length=26), nullable=True),
    sa.Column('role', sa.String(length=20), nullable=True),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('title_en', sa.String(length=200), nullable=False),
    sa.Column('body_en', sa.Text(), nullable=False),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('read_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('seq'),
    sa.UniqueConstraint('id')
    )
    with op.batch_alter_table('notifications', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notifications_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_notifications_read_at'), ['read_at'], unique=False)
        batch_op.create_index('notifications_of_party', ['party_id', 'seq'], unique=False)
        batch_op.create_index('notifications_of_role', ['role', 'programme', 'seq'], unique=False)
        batch_op.create_index('notifications_unread', ['party_id', 'seq'], unique=False, postgresql_where=sa.text('read_at IS NULL'), sqlite_where=sa.text('read_at IS NULL'))

    op.create_table('outbox',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('event_id', sa.String(length=26), nullable=False),
    sa.Column('type', sa.String(length=100), nullable=False),
    sa.Column('subject', sa.String(length=128), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('state', sa.SmallInteger(), nullable=False),
    sa.Column('stream_seq', sa.BigInteger(), nullable=True),
    sa.Column('stream_hash', sa.String(length=64), nullable=True),
    sa.Column('at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('queued_at', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('stream_seq')
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outbox_at'), ['at'], unique=False)
        batch_op.create_index('outbox_waiting', ['state', 'id'], unique=False, postgresql_where=sa.text('state < 2'), sqlite_where=sa.text('state < 2'))

    op.create_table('streams',
    sa.Column('service', sa.String(length=40), nullable=False),
    sa.Column('head_seq', sa.BigInteger(), nullable=False),
    sa.Column('head_hash', sa.String(length=64), nullable=False),
    sa.Column('holder', sa.String(length=100), nullable=True),
    sa.Column('held_until', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('service')
    )
    guard(op, "decisions")


def downgrade() -> None:
    raise RuntimeError("the first tables are not taken away: restore a backup")
