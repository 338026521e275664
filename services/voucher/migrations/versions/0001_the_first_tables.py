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
    op.create_table('accounts',
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('owner', sa.String(length=26), nullable=True),
    sa.Column('debits_pending', sa.BigInteger(), nullable=False),
    sa.Column('debits_posted', sa.BigInteger(), nullable=False),
    sa.Column('credits_pending', sa.BigInteger(), nullable=False),
    sa.Column('credits_posted', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind IN ('source', 'carried_in', 'deferred', 'made_up', 'losses') OR credits_posted - debits_posted - debits_pending >= 0", name='never_below_zero'),
    sa.CheckConstraint('debits_pending >= 0 AND credits_pending >= 0', name='pending_not_negative'),
    sa.PrimaryKeyConstraint('name')
    )
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.create_index('accounts_of_year', ['programme', 'year', 'kind'], unique=False)

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

    op.create_table('applications',
    sa.Column('application_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('plan_region', sa.String(length=6), nullable=False),
    sa.Column('purse', sa.String(length=6), nullable=False),
    sa.Column('place', sa.BigInteger(), nullable=False),
    sa.Column('priority', sa.Boolean(), nullable=False),
    sa.Column('requested_fen', sa.BigInteger(), nullable=True),
    sa.Column('ceiling_fen', sa.BigInteger(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('lapsed_fen', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('pending_id', sa.String(length=64), nullable=True),
    sa.Column('applied_by', sa.String(length=128), nullable=False),
    sa.Column('applied_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('passed', sa.Integer(), nullable=False),
    sa.Column('reviewed_by', infra.tables.Json(), nullable=False),
    sa.Column('reasons', infra.tables.Json(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('settled', sa.Boolean(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('application_id'),
    sa.UniqueConstraint('programme', 'year', 'plan_region', 'place', name='one_application_a_place')
    )
    with op.batch_alter_table('applications', schema=None) as batch_op:
        batch_op.create_index('applications_in_turn', ['programme', 'year', 'plan_region', sa.literal_column('priority DESC'), 'place'], unique=False, sqlite_where=sa.text("status = 'waiting'"), postgresql_where=sa.text("status = 'waiting'"))
        batch_op.create_index('live_applications_of_a_year', ['enterprise_id', 'programme', 'year'], unique=False, sqlite_where=sa.text("(status NOT IN ('refused', 'withdrawn'))"), postgresql_where=sa.text("(status NOT IN ('refused', 'withdrawn'))"))

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

    op.create_table('denominations',
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('denomination_fen', sa.BigInteger(), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.Column('taken', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('taken >= 0 AND taken <= count', name='none_issued_twice'),
    sa.PrimaryKeyConstraint('programme', 'year', 'region', 'denomination_fen')
    )
    op.create_table('filings',
    sa.Column('filing_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('track', sa.String(length=20), nullable=True),
    sa.Column('category', sa.String(length=20), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=True),
    sa.Column('prior_revenue_fen', sa.BigInteger(), nullable=True),
    sa.Column('years_used', sa.Integer(), nullable=False),
    sa.Column('attested', infra.tables.Json(), nullable=False),
    sa.Column('documents', infra.tables.Json(), nullable=False),
    sa.Column('priority', sa.Boolean(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('passed', sa.Integer(), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=True),
    sa.Column('intake_on', sa.Date(), nullable=True),
    sa.Column('opened_on', sa.Date(), nullable=True),
    sa.Column('reasons', infra.tables.Json(), nullable=False),
    sa.Column('filed_by', infra.tables.Json(), nullable=False),
    sa.Column('reviewed_by', infra.tables.Json(), nullable=False),
    sa.Column('submitted_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('filing_id')
    )
    with op.batch_alter_table('filings', schema=None) as batch_op:
        batch_op.create_index('filings_of_programme', ['programme', 'submitted_at', 'filing_id'], unique=False)
        batch_op.create_index('one_live_filing_of_a_kind', ['enterprise_id', 'programme', 'kind', 'year'], unique=True, sqlite_where=sa.text("status IN ('submitted', 'in_review', 'returned', 'opened')"), postgresql_where=sa.text("status IN ('submitted', 'in_review', 'returned', 'opened')"))

    op.create_table('heard_claims',
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('order_id', sa.String(length=26), nullable=False),
    sa.Column('claim_version', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('claim_id')
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
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('effective_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('entry_id')
    )
    with op.batch_alter_table('known_blacklist', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_blacklist_party_id'), ['party_id'], unique=False)

    op.create_table('known_enterprises',
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('registered_on', sa.Date(), nullable=False),
    sa.Column('legal_person', sa.Boolean(), nullable=False),
    sa.Column('violation', sa.Boolean(), nullable=False),
    sa.Column('bad_credit', sa.Boolean(), nullable=False),
    sa.Column('industry', sa.String(length=20), nullable=True),
    sa.Column('size', sa.String(length=20), nullable=True),
    sa.Column('tax_region', sa.String(length=6), nullable=True),
    sa.Column('serves_industry', sa.Boolean(), nullable=True),
    sa.Column('priority', sa.Boolean(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('holder', sa.String(length=64), nullable=True),
    sa.Column('representative', sa.String(length=64), nullable=True),
    sa.Column('accounts', infra.tables.Json(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('enterprise_id')
    )
    with op.batch_alter_table('known_enterprises', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_enterprises_representative'), ['representative'], unique=False)
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

    op.create_table('known_products',
    sa.Column('product_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('category', sa.String(length=20), nullable=False),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.Column('market_price_fen', sa.BigInteger(), nullable=True),
    sa.Column('voucher_eligible', sa.Boolean(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('product_id')
    )
    with op.batch_alter_table('known_products', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_products_provider_id'), ['provider_id'], unique=False)

    op.create_table('known_providers',
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('holder', sa.String(length=64), nullable=True),
    sa.Column('representative', sa.String(length=64), nullable=True),
    sa.Column('accounts', infra.tables.Json(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('provider_id')
    )
    with op.batch_alter_table('known_providers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_providers_representative'), ['representative'], unique=False)
        batch_op.create_index(batch_op.f('ix_known_providers_status'), ['status'], unique=False)

    op.create_table('known_ties',
    sa.Column('tie_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('tie_id')
    )
    with op.batch_alter_table('known_ties', schema=None) as batch_op:
        batch_op.create_index('ties_of_enterprise', ['enterprise_id', 'provider_id'], unique=False)

    op.create_table('orders',
    sa.Column('order_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('product_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('plan_region', sa.String(length=6), nullable=False),
    sa.Column('purse', sa.String(length=6), nullable=False),
    sa.Column('category', sa.String(length=20), nullable=False),
    sa.Column('track', sa.String(length=20), nullable=True),
    sa.Column('filing_id', sa.String(length=26), nullable=True),
    sa.Column('prior_revenue_fen', sa.BigInteger(), nullable=True),
    sa.Column('years_used', sa.Integer(), nullable=True),
    sa.Column('list_price_fen', sa.BigInteger(), nullable=False),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.Column('voucher_fen', sa.BigInteger(), nullable=False),
    sa.Column('own_fen', sa.BigInteger(), nullable=False),
    sa.Column('drawn_on', sa.String(length=12), nullable=False),
    sa.Column('shortfall_fen', sa.BigInteger(), nullable=False),
    sa.Column('deferred_fen', sa.BigInteger(), nullable=False),
    sa.Column('allowed_fen', sa.BigInteger(), nullable=True),
    sa.Column('redeemed_fen', sa.BigInteger(), nullable=True),
    sa.Column('denomination_fen', sa.BigInteger(), nullable=True),
    sa.Column('voucher_number', sa.String(length=40), nullable=True),
    sa.Column('agreement', sa.String(length=64), nullable=True),
    sa.Column('ordered_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('confirmed_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('contract_sha256', sa.String(length=64), nullable=True),
    sa.Column('claim_id', sa.String(length=26), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=True),
    sa.Column('hand_over_due', sa.Boolean(), nullable=False),
    sa.Column('left_by', sa.String(length=26), nullable=True),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('0 <= deferred_fen AND deferred_fen <= shortfall_fen AND shortfall_fen <= voucher_fen', name='deferred_is_part_of_the_voucher'),
    sa.CheckConstraint('price_fen = voucher_fen + own_fen', name='price_is_voucher_and_own'),
    sa.CheckConstraint('redeemed_fen <= voucher_fen', name='no_more_is_paid_than_was_promised'),
    sa.PrimaryKeyConstraint('order_id')
    )
    with op.batch_alter_table('orders', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_orders_enterprise_id'), ['enterprise_id'], unique=False)
        batch_op.create_index('orders_left_by', ['left_by'], unique=False, sqlite_where=sa.text('left_by IS NOT NULL'), postgresql_where=sa.text('left_by IS NOT NULL'))
        batch_op.create_index('orders_of_provider', ['provider_id', 'status'], unique=False)
        batch_op.create_index('orders_to_be_covered', ['programme', 'year', 'purse', 'ordered_at', 'order_id'], unique=False, sqlite_where=sa.text('deferred_fen > 0'), postgresql_where=sa.text('deferred_fen > 0'))

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

    op.create_table('plans',
    sa.Column('plan_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('purse', sa.String(length=6), nullable=False),
    sa.Column('budget_fen', sa.BigInteger(), nullable=False),
    sa.Column('denominations', infra.tables.Json(), nullable=False),
    sa.Column('funds', infra.tables.Json(), nullable=False),
    sa.Column('quota_fen', sa.BigInteger(), nullable=False),
    sa.Column('opens_on', sa.Date(), nullable=False),
    sa.Column('document', sa.String(length=200), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('made_by', sa.String(length=128), nullable=False),
    sa.Column('made_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('configured_by', sa.String(length=128), nullable=True),
    sa.Column('last_place', sa.BigInteger(), nullable=False),
    sa.Column('lapsed_fen', sa.BigInteger(), nullable=False),
    sa.Column('carries', sa.Boolean(), nullable=False),
    sa.Column('defers', sa.Boolean(), nullable=False),
    sa.Column('carried_fen', sa.BigInteger(), nullable=False),
    sa.Column('made_up_fen', sa.BigInteger(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('rounds', sa.BigInteger(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('plan_id'),
    sa.UniqueConstraint('programme', 'year', 'region', name='one_plan_a_year_and_region')
    )
    op.create_table('streams',
    sa.Column('service', sa.String(length=40), nullable=False),
    sa.Column('head_seq', sa.BigInteger(), nullable=False),
    sa.Column('head_hash', sa.String(length=64), nullable=False),
    sa.Column('holder', sa.String(length=100), nullable=True),
    sa.Column('held_until', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('service')
    )
    op.create_table('transfers',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('debit', sa.String(length=120), nullable=False),
    sa.Column('credit', sa.String(length=120), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('pending_id', sa.String(length=64), nullable=True),
    sa.Column('subject', sa.String(length=26), nullable=False),
    sa.Column('cause', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(pending_id IS NULL) = (kind IN ('posted', 'pending'))", name='ends_what_is_pending'),
    sa.CheckConstraint("kind IN ('posted', 'pending', 'post_pending', 'void_pending')", name='known_kind'),
    sa.CheckConstraint('amount_fen > 0', name='moves_something'),
    sa.CheckConstraint('debit <> credit', name='moves_somewhere'),
    sa.ForeignKeyConstraint(['pending_id'], ['transfers.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('pending_id')
    )
    with op.batch_alter_table('transfers', schema=None) as batch_op:
        batch_op.create_index('transfers_credit', ['credit', 'at', 'id'], unique=False)
        batch_op.create_index('transfers_debit', ['debit', 'at', 'id'], unique=False)

    op.create_table('usage_records',
    sa.Column('usage_id', sa.String(length=26), nullable=False),
    sa.Column('order_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('days_used', sa.Integer(), nullable=False),
    sa.Column('units', sa.BigInteger(), nullable=False),
    sa.Column('evidence', sa.String(length=64), nullable=True),
    sa.Column('recorded_by', sa.String(length=128), nullable=False),
    sa.Column('recorded_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('since <= until', name='usage_ends_after_it_begins'),
    sa.PrimaryKeyConstraint('usage_id')
    )
    with op.batch_alter_table('usage_records', schema=None) as batch_op:
        batch_op.create_index('usage_of_order', ['order_id', 'since'], unique=False)

    # --- exits
    op.create_table('wind_downs',
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('open', sa.BigInteger(), nullable=False),
    sa.Column('handed_over', sa.BigInteger(), nullable=False),
    sa.Column('settled', sa.BigInteger(), nullable=False),
    sa.Column('voided', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.PrimaryKeyConstraint('provider_id')
    )

    # --- receivables
    op.create_table('heard_receivables',
    sa.Column('receivable_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('recovered_fen', sa.BigInteger(), nullable=False),
    sa.Column('written_off_fen', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('receivable_id')
    )
    # --- books: corrections and signed years
    op.create_table('corrections',
    sa.Column('correction_id', sa.String(length=26), nullable=False),
    sa.Column('transfer_id', sa.String(length=64), nullable=False),
    sa.Column('to_account', sa.String(length=120), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('from_account', sa.String(length=120), nullable=False),
    sa.Column('asked_by', sa.String(length=128), nullable=False),
    sa.Column('asked_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['transfer_id'], ['transfers.id'], ),
    sa.PrimaryKeyConstraint('correction_id')
    )
    with op.batch_alter_table('corrections', schema=None) as batch_op:
        batch_op.create_index('corrections_of_year', ['programme', 'year', 'correction_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_corrections_transfer_id'), ['transfer_id'], unique=False)

    op.create_table('correction_decisions',
    sa.Column('correction_id', sa.String(length=26), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('decided_by', sa.String(length=128), nullable=False),
    sa.Column('decided_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint("status IN ('confirmed', 'refused')", name='decided_one_way'),
    sa.ForeignKeyConstraint(['correction_id'], ['corrections.correction_id'], ),
    sa.PrimaryKeyConstraint('correction_id')
    )
    op.create_table('year_signatures',
    sa.Column('plan_id', sa.String(length=26), nullable=False),
    sa.Column('statement_sha256', sa.String(length=64), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('statement', infra.tables.Json(), nullable=False),
    sa.Column('signed_by', sa.String(length=128), nullable=False),
    sa.Column('signed_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('proof', infra.tables.Json(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('plan_id', 'statement_sha256')
    )
    guard(op, "corrections")
    guard(op, "correction_decisions")
    guard(op, "year_signatures")

    guard(op, "decisions")
    guard(op, "transfers")
    guard(op, "usage_records")


def downgrade() -> None:
    raise RuntimeError("the first tables are not taken away: restore a backup")
