"""the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import infra.tables
import services.settlement.tables
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

    op.create_table('batches',
    sa.Column('batch_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('payments', sa.Integer(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('frozen_hash', sa.String(length=64), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('made_by', sa.String(length=128), nullable=False),
    sa.Column('made_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('released_by', sa.String(length=128), nullable=True),
    sa.Column('released_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('batch_id')
    )
    with op.batch_alter_table('batches', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_batches_programme'), ['programme'], unique=False)

    op.create_table('claims',
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('claim_version', sa.Integer(), nullable=False),
    sa.Column('order_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('filer_id', sa.String(length=26), nullable=False),
    sa.Column('payee_id', sa.String(length=26), nullable=False),
    sa.Column('payee_kind', sa.String(length=10), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('plan_region', sa.String(length=6), nullable=False),
    sa.Column('category', sa.String(length=20), nullable=False),
    sa.Column('track', sa.String(length=20), nullable=True),
    sa.Column('product_id', sa.String(length=26), nullable=False),
    sa.Column('order_fen', sa.BigInteger(), nullable=False),
    sa.Column('claimed_fen', sa.BigInteger(), nullable=False),
    sa.Column('deducted_fen', sa.BigInteger(), nullable=False),
    sa.Column('lines', services.settlement.tables.Words(), nullable=False),
    sa.Column('disallowed', services.settlement.tables.Words(), nullable=False),
    sa.Column('disallowed_fen', sa.BigInteger(), nullable=False),
    sa.Column('audited_fen', sa.BigInteger(), nullable=False),
    sa.Column('score', sa.Integer(), nullable=True),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.Column('invoice_number', sa.String(length=30), nullable=False),
    sa.Column('invoice_key', sa.String(length=40), nullable=False),
    sa.Column('live_key', sa.String(length=60), nullable=False),
    sa.Column('invoice_fen', sa.BigInteger(), nullable=False),
    sa.Column('invoice_on', sa.Date(), nullable=False),
    sa.Column('contract_sha256', sa.String(length=64), nullable=False),
    sa.Column('transfer_fen', sa.BigInteger(), nullable=False),
    sa.Column('transfer_on', sa.Date(), nullable=True),
    sa.Column('payer_index', sa.String(length=64), nullable=True),
    sa.Column('payee_index', sa.String(length=64), nullable=True),
    sa.Column('refunded_fen', sa.BigInteger(), nullable=False),
    sa.Column('usage_days', sa.Integer(), nullable=False),
    sa.Column('usage_units', sa.BigInteger(), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('filed_by', sa.String(length=128), nullable=False),
    sa.Column('filed_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('reasons', services.settlement.tables.Words(), nullable=False),
    sa.Column('order_claimed', sa.Boolean(), nullable=False),
    sa.Column('node_id', sa.String(length=26), nullable=True),
    sa.Column('stage', sa.String(length=20), nullable=True),
    sa.Column('own_region', sa.Boolean(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('late', sa.Boolean(), nullable=False),
    sa.Column('taken_by', sa.String(length=128), nullable=True),
    sa.Column('stages_passed', sa.Integer(), nullable=False),
    sa.Column('reviewers', services.settlement.tables.Words(), nullable=False),
    sa.Column('stood_in_for', services.settlement.tables.Words(), nullable=False),
    sa.Column('notice_id', sa.String(length=26), nullable=True),
    sa.Column('disbursement_id', sa.String(length=26), nullable=True),
    sa.Column('payment_id', sa.String(length=26), nullable=True),
    sa.Column('account_version', sa.Integer(), nullable=True),
    sa.Column('fund', sa.String(length=60), nullable=True),
    sa.Column('frozen_hash', sa.String(length=64), nullable=True),
    sa.Column('approved_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('wind_down', sa.String(length=10), nullable=True),
    sa.Column('recalled_fen', sa.BigInteger(), nullable=False),
    sa.Column('paid_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint('0 < claimed_fen AND claimed_fen <= order_fen AND order_fen <= price_fen', name='claims_amount'),
    sa.CheckConstraint('0 <= deducted_fen AND 0 <= disallowed_fen AND 0 <= audited_fen AND deducted_fen + disallowed_fen + audited_fen < claimed_fen', name='claims_deduction'),
    sa.PrimaryKeyConstraint('claim_id')
    )
    with op.batch_alter_table('claims', schema=None) as batch_op:
        batch_op.create_index('claims_accepted', ['claim_id'], unique=False, postgresql_where=sa.text("status = 'accepted'"), sqlite_where=sa.text("status = 'accepted'"))
        batch_op.create_index('claims_on_notice', ['claim_id'], unique=False, postgresql_where=sa.text("status = 'on_notice'"), sqlite_where=sa.text("status = 'on_notice'"))
        batch_op.create_index('claims_waiting', ['pack_version', 'status', 'claim_id'], unique=False, postgresql_where=sa.text("status IN ('passed', 'noticed')"), sqlite_where=sa.text("status IN ('passed', 'noticed')"))
        batch_op.create_index('claims_by_provider', ['provider_id', 'programme', 'year', 'status'], unique=False)
        batch_op.create_index('claims_by_status', ['programme', 'status', 'claim_id'], unique=False)
        batch_op.create_index('claims_by_work', ['programme', 'stage', 'due_on', 'claim_id'], unique=False)
        batch_op.create_index('claims_due', ['late', 'due_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_claims_disbursement_id'), ['disbursement_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_claims_node_id'), ['node_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_claims_notice_id'), ['notice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_claims_order_id'), ['order_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_claims_payment_id'), ['payment_id'], unique=False)

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

    op.create_table('disbursements',
    sa.Column('disbursement_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=True),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('claims', sa.Integer(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('filed_by', sa.String(length=128), nullable=False),
    sa.Column('filed_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=True),
    sa.Column('reasons', services.settlement.tables.Words(), nullable=False),
    sa.Column('stages_passed', sa.Integer(), nullable=False),
    sa.Column('reviewers', services.settlement.tables.Words(), nullable=False),
    sa.Column('frozen_hash', sa.String(length=64), nullable=True),
    sa.PrimaryKeyConstraint('disbursement_id')
    )
    with op.batch_alter_table('disbursements', schema=None) as batch_op:
        batch_op.create_index('disbursements_by_status', ['programme', 'year', 'status'], unique=False)

    op.create_table('filings',
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('claim_version', sa.Integer(), nullable=False),
    sa.Column('papers', infra.tables.Json(), nullable=False),
    sa.Column('key_id', sa.String(length=12), nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('filed_by', sa.String(length=128), nullable=False),
    sa.Column('filed_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('claim_id', 'claim_version')
    )
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
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('effective_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.PrimaryKeyConstraint('entry_id')
    )
    with op.batch_alter_table('known_blacklist', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_blacklist_party_id'), ['party_id'], unique=False)

    op.create_table('known_enterprises',
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('uscc', sa.String(length=18), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('holder', sa.String(length=64), nullable=True),
    sa.Column('account_version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('enterprise_id')
    )
    op.create_table('known_evaluations',
    sa.Column('evaluation_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('order_id', sa.String(length=26), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('evaluation_id')
    )
    with op.batch_alter_table('known_evaluations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_evaluations_order_id'), ['order_id'], unique=False)

    op.create_table('known_holdings',
    sa.Column('holding_id', sa.String(length=26), nullable=False),
    sa.Column('owner', sa.String(length=64), nullable=False),
    sa.Column('held', sa.String(length=64), nullable=False),
    sa.Column('state', sa.Boolean(), nullable=False),
    sa.Column('share_bp', sa.Integer(), nullable=False),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('until_on', sa.Date(), nullable=True),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('holding_id')
    )
    with op.batch_alter_table('known_holdings', schema=None) as batch_op:
        batch_op.create_index('known_holdings_held', ['held'], unique=False)
        batch_op.create_index('known_holdings_owner', ['owner'], unique=False)

    op.create_table('known_orders',
    sa.Column('order_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('product_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('plan_region', sa.String(length=6), nullable=False),
    sa.Column('category', sa.String(length=20), nullable=False),
    sa.Column('track', sa.String(length=20), nullable=True),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.Column('voucher_fen', sa.BigInteger(), nullable=False),
    sa.Column('own_fen', sa.BigInteger(), nullable=False),
    sa.Column('deferred_fen', sa.BigInteger(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('ordered_on', sa.Date(), nullable=False),
    sa.Column('contract_sha256', sa.String(length=64), nullable=True),
    sa.Column('claim_id', sa.String(length=26), nullable=True),
    sa.Column('wound_down', sa.Boolean(), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('order_id')
    )
    with op.batch_alter_table('known_orders', schema=None) as batch_op:
        batch_op.create_index('known_orders_deferred', ['order_id'], unique=False, postgresql_where=sa.text('deferred_fen > 0'), sqlite_where=sa.text('deferred_fen > 0'))

    op.create_table('known_products',
    sa.Column('product_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('market_price_fen', sa.BigInteger(), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('product_id')
    )
    op.create_table('known_providers',
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('uscc', sa.String(length=18), nullable=False),
    sa.Column('provider_kind', sa.String(length=20), nullable=False),
    sa.Column('platform_id', sa.String(length=26), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('holder', sa.String(length=64), nullable=True),
    sa.Column('account_version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('provider_id')
    )
    op.create_table('known_ties',
    sa.Column('tie_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('tie_id')
    )
    with op.batch_alter_table('known_ties', schema=None) as batch_op:
        batch_op.create_index('known_ties_of', ['enterprise_id', 'provider_id'], unique=False)

    op.create_table('known_usage',
    sa.Column('order_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('total_days', sa.BigInteger(), nullable=False),
    sa.Column('total_units', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('order_id')
    )
    op.create_table('known_verdicts',
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('claim_version', sa.Integer(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('verdict', sa.String(length=10), nullable=False),
    sa.Column('alerts', services.settlement.tables.Words(), nullable=False),
    sa.PrimaryKeyConstraint('claim_id', 'claim_version')
    )
    op.create_table('known_years',
    sa.Column('plan_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('lapsed_fen', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('plan_id')
    )
    # --- work
    op.create_table('leaves',
    sa.Column('leave_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('person', sa.String(length=128), nullable=False),
    sa.Column('roles', services.settlement.tables.Words(), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=True),
    sa.Column('organisation', sa.String(length=26), nullable=True),
    sa.Column('deputy', sa.String(length=128), nullable=True),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('until_on', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.PrimaryKeyConstraint('leave_id')
    )
    with op.batch_alter_table('leaves', schema=None) as batch_op:
        batch_op.create_index('leaves_in_force', ['programme', 'status', 'until_on'], unique=False)

    op.create_table('scores',
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('claim_version', sa.Integer(), nullable=False),
    sa.Column('scored_by', sa.String(length=128), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('comment', sa.Text(), nullable=True),
    sa.Column('scored_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('claim_id', 'claim_version', 'scored_by')
    )
    op.create_table('live_invoices',
    sa.Column('live_key', sa.String(length=60), nullable=False),
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.PrimaryKeyConstraint('live_key')
    )
    with op.batch_alter_table('live_invoices', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_live_invoices_claim_id'), ['claim_id'], unique=False)

    op.create_table('live_payments',
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('payment_id', sa.String(length=26), nullable=False),
    sa.PrimaryKeyConstraint('claim_id')
    )
    with op.batch_alter_table('live_payments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_live_payments_payment_id'), ['payment_id'], unique=False)

    op.create_table('nodes',
    sa.Column('node_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('only_in', sa.Integer(), nullable=True),
    sa.Column('closes_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('claims', sa.Integer(), nullable=False),
    sa.Column('announced_by', sa.String(length=128), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('node_id')
    )
    with op.batch_alter_table('nodes', schema=None) as batch_op:
        batch_op.create_index('nodes_by_close', ['programme', 'closes_at'], unique=False)
        batch_op.create_index('nodes_once_a_year', ['programme', 'region', 'only_in'], unique=True)

    op.create_table('notices',
    sa.Column('notice_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('until_on', sa.Date(), nullable=False),
    sa.Column('working_days', sa.Integer(), nullable=False),
    sa.Column('items', services.settlement.tables.Words(), nullable=False),
    sa.Column('claims', sa.Integer(), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('key_id', sa.String(length=16), nullable=False),
    sa.Column('public_key', sa.String(length=44), nullable=False),
    sa.Column('signature', sa.String(length=88), nullable=False),
    sa.Column('outcomes', services.settlement.tables.Words(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('published_by', sa.String(length=128), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('notice_id')
    )
    with op.batch_alter_table('notices', schema=None) as batch_op:
        batch_op.create_index('notices_by_programme', ['programme', 'notice_id'], unique=False)
        batch_op.create_index('notices_due', ['status', 'until_on'], unique=False)

    op.create_table('objections',
    sa.Column('objection_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('notice_id', sa.String(length=26), nullable=False),
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('key_id', sa.String(length=20), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('filed_by', sa.String(length=128), nullable=False),
    sa.Column('filed_on', sa.Date(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('reasons', services.settlement.tables.Words(), nullable=False),
    sa.Column('decided_by', sa.String(length=128), nullable=True),
    sa.PrimaryKeyConstraint('objection_id')
    )
    with op.batch_alter_table('objections', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_objections_claim_id'), ['claim_id'], unique=False)
        batch_op.create_index('objections_by_status', ['programme', 'status', 'objection_id'], unique=False)

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

    op.create_table('payment_files',
    sa.Column('batch_id', sa.String(length=26), nullable=False),
    sa.Column('key_id', sa.String(length=20), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('payments', sa.Integer(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('made_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('batch_id')
    )
    op.create_table('payments',
    sa.Column('payment_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('batch_id', sa.String(length=26), nullable=False),
    sa.Column('payee_id', sa.String(length=26), nullable=False),
    sa.Column('payee_kind', sa.String(length=10), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=True),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(length=40), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('offset_fen', sa.BigInteger(), nullable=False),
    sa.Column('account_version', sa.Integer(), nullable=False),
    sa.Column('fund', sa.String(length=60), nullable=False),
    sa.Column('claims', services.settlement.tables.Words(), nullable=False),
    sa.Column('disbursements', services.settlement.tables.Words(), nullable=False),
    sa.Column('frozen_hash', sa.String(length=64), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=True),
    sa.Column('result_on', sa.Date(), nullable=True),
    sa.Column('retried_by', sa.String(length=128), nullable=True),
    sa.Column('retried_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint('0 <= amount_fen AND 0 <= offset_fen AND 0 < amount_fen + offset_fen', name='payments_amount'),
    sa.PrimaryKeyConstraint('payment_id'),
    sa.UniqueConstraint('reference')
    )
    with op.batch_alter_table('payments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payments_batch_id'), ['batch_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_payments_payee_id'), ['payee_id'], unique=False)
        batch_op.create_index('payments_by_status', ['programme', 'status', 'payment_id'], unique=False)

    op.create_table('questions',
    sa.Column('question_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('asked_by', sa.String(length=128), nullable=False),
    sa.Column('asked_on', sa.Date(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('answered_by', sa.String(length=128), nullable=True),
    sa.Column('answered_on', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('question_id')
    )
    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_questions_claim_id'), ['claim_id'], unique=False)
        batch_op.create_index('questions_due', ['status', 'due_on'], unique=False)

    op.create_table('results',
    sa.Column('batch_id', sa.String(length=26), nullable=False),
    sa.Column('reference', sa.String(length=40), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('result_on', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=True),
    sa.Column('payment_id', sa.String(length=26), nullable=True),
    sa.Column('recorded_by', sa.String(length=128), nullable=False),
    sa.Column('recorded_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('batch_id', 'reference', 'status', 'amount_fen', 'result_on')
    )
    # --- audit samples
    op.create_table('samples',
    sa.Column('sample_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('node_id', sa.String(length=26), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('seed_hash', sa.String(length=64), nullable=False),
    sa.Column('extrapolate', sa.Boolean(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('committed_by', sa.String(length=128), nullable=False),
    sa.Column('committed_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('seed', sa.String(length=200), nullable=True),
    sa.Column('population', sa.Integer(), nullable=True),
    sa.Column('population_hash', sa.String(length=64), nullable=True),
    sa.Column('drawn', sa.Integer(), nullable=True),
    sa.Column('error_fen', sa.BigInteger(), nullable=True),
    sa.Column('rate', sa.String(length=50), nullable=True),
    sa.Column('reached', sa.String(length=26), nullable=True),
    sa.Column('others', sa.Integer(), nullable=False),
    sa.Column('others_fen', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('sample_id')
    )
    with op.batch_alter_table('samples', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_samples_programme'), ['programme'], unique=False)
        batch_op.create_index(batch_op.f('ix_samples_status'), ['status'], unique=False)
        batch_op.create_index('samples_of_node', ['node_id'], unique=True, sqlite_where=sa.text("status != 'abandoned'"), postgresql_where=sa.text("status != 'abandoned'"))

    op.create_table('sample_items',
    sa.Column('sample_id', sa.String(length=26), nullable=False),
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('claim_version', sa.Integer(), nullable=False),
    sa.Column('payable_fen', sa.BigInteger(), nullable=False),
    sa.Column('alerts', sa.Integer(), nullable=False),
    sa.Column('weight', sa.BigInteger(), nullable=False),
    sa.Column('drawn', sa.Boolean(), nullable=False),
    sa.Column('certain', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('sample_id', 'claim_id')
    )
    with op.batch_alter_table('sample_items', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sample_items_claim_id'), ['claim_id'], unique=False)

    op.create_table('audits',
    sa.Column('sample_id', sa.String(length=26), nullable=False),
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('payable_fen', sa.BigInteger(), nullable=False),
    sa.Column('error_fen', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=True),
    sa.Column('reasons', services.settlement.tables.Words(), nullable=False),
    sa.Column('audited_by', sa.String(length=128), nullable=False),
    sa.Column('audited_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('sample_id', 'claim_id')
    )
    op.create_table('statement_lines',
    sa.Column('statement_id', sa.String(length=26), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(length=40), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('booked_on', sa.Date(), nullable=False),
    sa.Column('direction', sa.String(length=6), nullable=False),
    sa.Column('bank_reference', sa.String(length=40), nullable=True),
    sa.Column('programme', sa.String(length=40), nullable=True),
    sa.Column('counted', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('statement_id', 'line')
    )
    with op.batch_alter_table('statement_lines', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_statement_lines_reference'), ['reference'], unique=False)

    op.create_table('statements',
    sa.Column('statement_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=True),
    sa.Column('file_key', sa.String(length=64), nullable=True),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('recorded_by', sa.String(length=128), nullable=False),
    sa.Column('recorded_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('statement_id'),
    sa.UniqueConstraint('file_key')
    )
    op.create_table('streams',
    sa.Column('service', sa.String(length=40), nullable=False),
    sa.Column('head_seq', sa.BigInteger(), nullable=False),
    sa.Column('head_hash', sa.String(length=64), nullable=False),
    sa.Column('holder', sa.String(length=100), nullable=True),
    sa.Column('held_until', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('service')
    )
    # --- bank files, enquiries, differences
    op.create_table('bank_files',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('uploader', sa.String(length=32), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('uploaded_by', sa.String(length=128), nullable=False),
    sa.Column('uploaded_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('sha256')
    )
    op.create_table('bank_file_parts',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('uploader', sa.String(length=32), nullable=False),
    sa.Column('at_byte', sa.Integer(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('key_id', sa.String(length=20), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('uploaded_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('sha256', 'uploader', 'at_byte')
    )
    with op.batch_alter_table('bank_file_parts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bank_file_parts_uploaded_at'), ['uploaded_at'], unique=False)

    op.create_table('bank_entries',
    sa.Column('entry_key', sa.String(length=64), nullable=False),
    sa.Column('statement_id', sa.String(length=26), nullable=False),
    sa.PrimaryKeyConstraint('entry_key')
    )
    op.create_table('enquiries',
    sa.Column('enquiry_id', sa.String(length=26), nullable=False),
    sa.Column('batch_id', sa.String(length=26), nullable=False),
    sa.Column('asked', services.settlement.tables.Words(), nullable=False),
    sa.Column('asked_by', sa.String(length=128), nullable=False),
    sa.Column('asked_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('enquiry_id')
    )
    op.create_table('difference_resolutions',
    sa.Column('resolution_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('reference', sa.String(length=40), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('booked_fen', sa.BigInteger(), nullable=False),
    sa.Column('resolution', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('resolved_by', sa.String(length=128), nullable=False),
    sa.Column('resolved_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('resolution_id')
    )
    with op.batch_alter_table('difference_resolutions', schema=None) as batch_op:
        batch_op.create_index(
            'difference_resolutions_of', ['reference', 'code', 'amount_fen', 'booked_fen'], unique=True
        )
    guard(op, "bank_files")
    guard(op, "bank_entries")
    guard(op, "enquiries")
    guard(op, "difference_resolutions")
    # ---
    guard(op, "decisions")
    guard(op, "filings")
    guard(op, "results")
    guard(op, "statements")
    guard(op, "statement_lines")
    guard(op, "payment_files")
    guard(op, "scores")

    # --- receivables
    op.create_table('receivables',
    sa.Column('receivable_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('plan_region', sa.String(length=6), nullable=False),
    sa.Column('party_kind', sa.String(length=10), nullable=False),
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('claim_id', sa.String(length=26), nullable=True),
    sa.Column('ground', sa.String(length=20), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('recovered_fen', sa.BigInteger(), nullable=False),
    sa.Column('offset_fen', sa.BigInteger(), nullable=False),
    sa.Column('written_off_fen', sa.BigInteger(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('instalments', services.settlement.tables.Words(), nullable=False),
    sa.Column('next_on', sa.Date(), nullable=True),
    sa.Column('overdue_on', sa.Date(), nullable=True),
    sa.Column('reference', sa.String(length=40), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('reasons', services.settlement.tables.Words(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('claimed_by', sa.String(length=128), nullable=False),
    sa.Column('claimed_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.String(length=128), nullable=True),
    sa.Column('owed_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('write_off_by', sa.String(length=128), nullable=True),
    sa.CheckConstraint('0 <= offset_fen AND offset_fen <= recovered_fen AND 0 <= written_off_fen AND 0 < amount_fen AND recovered_fen + written_off_fen <= amount_fen', name='receivables_amount'),
    sa.PrimaryKeyConstraint('receivable_id'),
    sa.UniqueConstraint('reference')
    )
    with op.batch_alter_table('receivables', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_receivables_claim_id'), ['claim_id'], unique=False)
        batch_op.create_index('receivables_by_party', ['party_id', 'programme', 'status'], unique=False)
        batch_op.create_index('receivables_by_programme', ['programme', 'year', 'receivable_id'], unique=False)
        batch_op.create_index('receivables_due', ['status', 'next_on'], unique=False)

    op.create_table('offsets',
    sa.Column('payment_id', sa.String(length=26), nullable=False),
    sa.Column('receivable_id', sa.String(length=26), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.CheckConstraint('0 < amount_fen', name='offsets_amount'),
    sa.PrimaryKeyConstraint('payment_id', 'receivable_id')
    )
    with op.batch_alter_table('offsets', schema=None) as batch_op:
        batch_op.create_index('offsets_of_receivable', ['receivable_id', 'status'], unique=False)

    op.create_table('repayments',
    sa.Column('repayment_id', sa.String(length=26), nullable=False),
    sa.Column('receivable_id', sa.String(length=26), nullable=False),
    sa.Column('reference', sa.String(length=40), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('received_on', sa.Date(), nullable=False),
    sa.Column('statement_id', sa.String(length=26), nullable=True),
    sa.Column('recorded_by', sa.String(length=128), nullable=False),
    sa.Column('recorded_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('repayment_id'),
    sa.UniqueConstraint('reference')
    )
    with op.batch_alter_table('repayments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_repayments_receivable_id'), ['receivable_id'], unique=False)

    # --- exits
    op.create_table('wind_downs',
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('open', sa.BigInteger(), nullable=False),
    sa.Column('settled', sa.BigInteger(), nullable=False),
    sa.Column('voided', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.PrimaryKeyConstraint('provider_id')
    )

    guard(op, "repayments")
    guard(op, "sample_items")
    guard(op, "audits")


def downgrade() -> None:
    raise RuntimeError("the first tables are not taken away: restore a backup")
