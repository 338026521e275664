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
    sa.Column('carried_fen', sa.BigInteger(), nullable=False),
    sa.Column('deferred_fen', sa.BigInteger(), nullable=False),
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
    sa.Column('status', sa.String(length=20), nullable=False),
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
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('interim', sa.Boolean(), nullable=False),
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('party_kind', sa.String(length=12), nullable=False),
    sa.Column('party_name', sa.String(length=120), nullable=True),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('ground', sa.String(length=60), nullable=False),
    sa.Column('effective_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('entry_id')
    )
    with op.batch_alter_table('known_blacklist', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_blacklist_programme'), ['programme'], unique=False)

    op.create_table('known_checkpoints',
    sa.Column('size', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('root', sa.String(length=64), nullable=False),
    sa.Column('algorithm', sa.String(length=10), nullable=False),
    sa.Column('origin', sa.String(length=100), nullable=False),
    sa.Column('made_at', sa.String(length=40), nullable=False),
    sa.Column('key_id', sa.String(length=16), nullable=False),
    sa.Column('public_key', sa.String(length=44), nullable=False),
    sa.Column('signature', sa.String(length=88), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('size')
    )
    op.create_table('known_commendations',
    sa.Column('assessment_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('period', sa.String(length=7), nullable=False),
    sa.Column('score_bp', sa.Integer(), nullable=False),
    sa.Column('grade', infra.tables.Json(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('assessment_id')
    )
    with op.batch_alter_table('known_commendations', schema=None) as batch_op:
        batch_op.create_index('known_commendations_shown', ['programme', 'assessment_id'], unique=False)

    op.create_table('known_designations',
    sa.Column('designation_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('designation_id')
    )
    with op.batch_alter_table('known_designations', schema=None) as batch_op:
        batch_op.create_index('known_designations_shown', ['programme', 'designation_id'], unique=False)

    op.create_table('known_filings',
    sa.Column('filing_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('filing_id')
    )
    with op.batch_alter_table('known_filings', schema=None) as batch_op:
        batch_op.create_index('known_filings_shown', ['programme', 'status', 'region', 'kind'], unique=False)

    op.create_table('known_marks',
    sa.Column('mark_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('mark', sa.String(length=12), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('period', sa.String(length=7), nullable=False),
    sa.Column('measure', sa.String(length=40), nullable=True),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('figures', infra.tables.Json(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('mark_id')
    )
    with op.batch_alter_table('known_marks', schema=None) as batch_op:
        batch_op.create_index('known_marks_shown', ['programme', 'mark_id'], unique=False)

    op.create_table('known_nodes',
    sa.Column('node_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('closes_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('claims', sa.Integer(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('node_id')
    )
    with op.batch_alter_table('known_nodes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_nodes_programme'), ['programme'], unique=False)

    # --- audit samples
    op.create_table('known_samples',
    sa.Column('sample_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('node_id', sa.String(length=26), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('seed_hash', sa.String(length=64), nullable=False),
    sa.Column('seed', sa.String(length=200), nullable=True),
    sa.Column('population', sa.Integer(), nullable=True),
    sa.Column('population_hash', sa.String(length=64), nullable=True),
    sa.Column('drawn', sa.Integer(), nullable=True),
    sa.Column('error_fen', sa.BigInteger(), nullable=True),
    sa.Column('rate', sa.String(length=50), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('sample_id')
    )
    with op.batch_alter_table('known_samples', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_samples_programme'), ['programme'], unique=False)

    op.create_table('known_notice_items',
    sa.Column('notice_id', sa.String(length=26), nullable=False),
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('payable_fen', sa.BigInteger(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=True),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('notice_id', 'claim_id')
    )
    with op.batch_alter_table('known_notice_items', schema=None) as batch_op:
        batch_op.create_index('known_notice_items_shown', ['programme', 'notice_id', 'claim_id'], unique=False)

    op.create_table('known_notices',
    sa.Column('notice_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('until_on', sa.Date(), nullable=False),
    sa.Column('working_days', sa.Integer(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('key_id', sa.String(length=16), nullable=False),
    sa.Column('public_key', sa.String(length=44), nullable=False),
    sa.Column('signature', sa.String(length=88), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('notice_id')
    )
    op.create_table('known_objections',
    sa.Column('objection_id', sa.String(length=26), nullable=False),
    sa.Column('notice_id', sa.String(length=26), nullable=False),
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('objection_id')
    )
    with op.batch_alter_table('known_objections', schema=None) as batch_op:
        batch_op.create_index('known_objections_of_item', ['notice_id', 'claim_id'], unique=False)

    op.create_table('known_parties',
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('uscc', sa.String(length=18), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('public_name', sa.String(length=120), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('batch', sa.String(length=20), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('party_id')
    )
    with op.batch_alter_table('known_parties', schema=None) as batch_op:
        batch_op.create_index('known_parties_shown', ['programme', 'kind', 'status', 'party_id'], unique=False)

    op.create_table('known_payments',
    sa.Column('payment_id', sa.String(length=26), nullable=False),
    sa.Column('payee_id', sa.String(length=26), nullable=False),
    sa.Column('payee_kind', sa.String(length=12), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=True),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('payment_id')
    )
    with op.batch_alter_table('known_payments', schema=None) as batch_op:
        batch_op.create_index('known_payments_shown', ['programme', 'status', 'payee_id', 'year'], unique=False)

    op.create_table('known_plans',
    sa.Column('plan_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('budget_fen', sa.BigInteger(), nullable=False),
    sa.Column('carried_fen', sa.BigInteger(), nullable=False),
    sa.Column('made_up_fen', sa.BigInteger(), nullable=False),
    sa.Column('denominations', infra.tables.Json(), nullable=False),
    sa.Column('funds', infra.tables.Json(), nullable=False),
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

    op.create_table('known_shares',
    sa.Column('award_id', sa.String(length=26), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('weighted', sa.String(length=40), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('award_id', 'region')
    )
    with op.batch_alter_table('known_shares', schema=None) as batch_op:
        batch_op.create_index('known_shares_shown', ['programme', 'award_id', 'region'], unique=False)

    op.create_table('known_vouchers',
    sa.Column('voucher_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=True),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=True),
    sa.Column('denomination_fen', sa.BigInteger(), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('voucher_id')
    )
    with op.batch_alter_table('known_vouchers', schema=None) as batch_op:
        batch_op.create_index('known_vouchers_shown', ['programme', 'voucher_id'], unique=False)

    op.create_table('floors',
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('person', sa.String(length=128), nullable=False),
    sa.Column('severity', sa.String(length=10), nullable=False),
    sa.Column('set_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.String(length=128), nullable=False),
    sa.PrimaryKeyConstraint('programme', 'role', 'region', 'person')
    )
    op.create_table('notifications',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('event_id', sa.String(length=26), nullable=False),
    sa.Column('event_type', sa.String(length=100), nullable=False),
    sa.Column('template', sa.String(length=64), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=True),
    sa.Column('subject', sa.String(length=128), nullable=False),
    sa.Column('party_id', sa.String(length=26), nullable=True),
    sa.Column('role', sa.String(length=20), nullable=True),
    sa.Column('person', sa.String(length=128), nullable=True),
    sa.Column('severity', sa.String(length=10), nullable=True),
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

    op.create_table('books_told',
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_event', sa.BigInteger(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('programme', 'year')
    )
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
