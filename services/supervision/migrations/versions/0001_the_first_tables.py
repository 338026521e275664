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
    op.create_table('adjustments',
    sa.Column('assessment_id', sa.String(length=26), nullable=False),
    sa.Column('sequence', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('indicator', sa.String(length=40), nullable=False),
    sa.Column('before', sa.String(length=120), nullable=True),
    sa.Column('after', sa.String(length=120), nullable=False),
    sa.Column('value', sa.String(length=20), nullable=True),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.Column('adjusted_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('adjusted_by', sa.String(length=128), nullable=False),
    sa.PrimaryKeyConstraint('assessment_id', 'sequence')
    )

    op.create_table('alert_claims',
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('claim_version', sa.BigInteger(), nullable=False),
    sa.Column('alert', sa.String(length=40), nullable=False),
    sa.Column('alert_id', sa.String(length=26), nullable=False),
    sa.Column('holds', sa.Boolean(), nullable=False),
    sa.Column('cleared', sa.Boolean(), nullable=False),
    sa.Column('evidence', infra.tables.Json(), nullable=False),
    sa.Column('found_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('claim_id', 'claim_version', 'alert')
    )
    with op.batch_alter_table('alert_claims', schema=None) as batch_op:
        batch_op.create_index('alert_claims_of_alert', ['alert_id', 'claim_id'], unique=False)

    op.create_table('alerts',
    sa.Column('alert_id', sa.String(length=26), nullable=False),
    sa.Column('alert', sa.String(length=40), nullable=False),
    sa.Column('severity', sa.String(length=10), nullable=False),
    sa.Column('subject_kind', sa.String(length=10), nullable=False),
    sa.Column('subject', sa.String(length=128), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=True),
    sa.Column('enterprise_id', sa.String(length=26), nullable=True),
    sa.Column('claims', sa.BigInteger(), nullable=False),
    sa.Column('claim_ids', infra.tables.Json(), nullable=False),
    sa.Column('repeats', sa.BigInteger(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=True),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('first_evidence', infra.tables.Json(), nullable=False),
    sa.Column('evidence', infra.tables.Json(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('raised_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('repeated_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('assigned_to', sa.String(length=128), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('escalate_to', sa.String(length=20), nullable=True),
    sa.Column('escalated_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('acknowledged_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('acknowledged_by', sa.String(length=128), nullable=True),
    sa.Column('resolved_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('resolved_by', sa.String(length=128), nullable=True),
    sa.Column('reason', sa.String(length=1000), nullable=True),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('alert_id')
    )
    with op.batch_alter_table('alerts', schema=None) as batch_op:
        batch_op.create_index('alerts_by_due', ['status', 'due_on'], unique=False)
        batch_op.create_index('alerts_by_status', ['programme', 'status', 'alert_id'], unique=False)
        batch_op.create_index('alerts_of_provider', ['provider_id', 'status'], unique=False)
        batch_op.create_index('alerts_of_subject', ['subject', 'alert', 'programme'], unique=False)
        batch_op.create_index('alerts_once', ['subject', 'alert', 'programme'], unique=True, postgresql_where=sa.text("status IN ('open', 'acknowledged')"), sqlite_where=sa.text("status IN ('open', 'acknowledged')"))

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

    op.create_table('assessments',
    sa.Column('assessment_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('of', sa.String(length=10), nullable=False),
    sa.Column('subject_id', sa.String(length=26), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=True),
    sa.Column('period', sa.String(length=7), nullable=False),
    sa.Column('indicators', infra.tables.Json(), nullable=False),
    sa.Column('figures', infra.tables.Json(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('opened_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('opened_by', sa.String(length=128), nullable=False),
    sa.Column('score_bp', sa.Integer(), nullable=True),
    sa.Column('grade', infra.tables.Json(), nullable=True),
    sa.Column('consequence', sa.String(length=10), nullable=True),
    sa.Column('concluded_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('concluded_by', sa.String(length=128), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('overdue_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('mended_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('mended_by', sa.String(length=128), nullable=True),
    sa.Column('mended_reason', sa.String(length=1000), nullable=True),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('assessment_id'),
    sa.UniqueConstraint('programme', 'name', 'subject_id', 'period')
    )
    with op.batch_alter_table('assessments', schema=None) as batch_op:
        batch_op.create_index('assessments_by_due', ['status', 'due_on'], unique=False)
        batch_op.create_index('assessments_of_programme', ['programme', 'assessment_id'], unique=False)

    op.create_table('blacklist',
    sa.Column('entry_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('interim', sa.Boolean(), nullable=False),
    sa.Column('party_kind', sa.String(length=10), nullable=False),
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('party_name', sa.String(length=120), nullable=True),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('ground', sa.String(length=60), nullable=False),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=True),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('effective_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('in_effect', sa.Boolean(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('listed_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('listed_by', sa.String(length=128), nullable=False),
    sa.Column('removed_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('removed_by', sa.String(length=128), nullable=True),
    sa.Column('removal_reason', sa.String(length=1000), nullable=True),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('entry_id')
    )
    with op.batch_alter_table('blacklist', schema=None) as batch_op:
        batch_op.create_index('blacklist_of_party', ['party_id'], unique=False)
        batch_op.create_index('blacklist_of_programme', ['programme', 'entry_id'], unique=False)
        batch_op.create_index('blacklist_once', ['party_id'], unique=True, postgresql_where=sa.text("status = 'listed' AND interim IS false"), sqlite_where=sa.text("status = 'listed' AND interim IS 0"))

    op.create_table('books_differences',
    sa.Column('subject', sa.String(length=128), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('evidence', infra.tables.Json(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('since', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('subject')
    )
    op.create_table('books_figures',
    sa.Column('service', sa.String(length=20), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('figures', infra.tables.Json(), nullable=False),
    sa.PrimaryKeyConstraint('service', 'programme', 'year')
    )
    op.create_table('books_rows',
    sa.Column('service', sa.String(length=20), nullable=False),
    sa.Column('book', sa.String(length=20), nullable=False),
    sa.Column('key', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('link', sa.String(length=26), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=True),
    sa.Column('packed', sa.LargeBinary(), nullable=False),
    sa.Column('changed_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('service', 'book', 'key')
    )
    with op.batch_alter_table('books_rows', schema=None) as batch_op:
        batch_op.create_index('books_rows_of', ['service', 'programme', 'year', 'book'], unique=False)

    op.create_table('books_streams',
    sa.Column('service', sa.String(length=20), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('told_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('untold_since', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('service')
    )
    op.create_table('books_told',
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_event', sa.BigInteger(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('programme', 'year')
    )
    op.create_table('cases',
    sa.Column('case_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('party_kind', sa.String(length=10), nullable=False),
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=True),
    sa.Column('ground', sa.String(length=60), nullable=False),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.Column('evidence', infra.tables.Json(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('interim', sa.Boolean(), nullable=False),
    sa.Column('opened_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('opened_by', sa.String(length=128), nullable=False),
    sa.Column('hearing_until', sa.Date(), nullable=False),
    sa.Column('stated_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('statement', sa.String(length=4000), nullable=True),
    sa.Column('waived', sa.Boolean(), nullable=False),
    sa.Column('heard_on', sa.Date(), nullable=True),
    sa.Column('hearing_sha256', sa.String(length=64), nullable=True),
    sa.Column('proposal', infra.tables.Json(), nullable=True),
    sa.Column('proposed_by', sa.String(length=128), nullable=True),
    sa.Column('decided_by', sa.String(length=128), nullable=True),
    sa.Column('decided_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decision', sa.String(length=1000), nullable=True),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('appeal_until', sa.Date(), nullable=True),
    sa.Column('appealed_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('appeal', sa.String(length=4000), nullable=True),
    sa.Column('appeal_decided_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('appeal_proposed_by', sa.String(length=128), nullable=True),
    sa.Column('appeal_decided_by', sa.String(length=128), nullable=True),
    sa.Column('appeal_decision', sa.String(length=1000), nullable=True),
    sa.Column('exited_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('referral', infra.tables.Json(), nullable=True),
    sa.Column('cooperation', sa.String(length=10), nullable=True),
    sa.Column('closing_note', sa.String(length=1000), nullable=True),
    sa.Column('ended_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('case_id')
    )
    with op.batch_alter_table('cases', schema=None) as batch_op:
        batch_op.create_index('cases_of_party', ['party_id'], unique=False)
        batch_op.create_index('cases_of_programme', ['programme', 'case_id'], unique=False)

    op.create_table('complaints',
    sa.Column('complaint_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('order_id', sa.String(length=26), nullable=True),
    sa.Column('product_id', sa.String(length=26), nullable=True),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('text', sa.String(length=1000), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=True),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=True),
    sa.Column('answer', sa.String(length=2000), nullable=True),
    sa.Column('filed_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('filed_by', sa.String(length=128), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('overdue_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('answered_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.String(length=128), nullable=True),
    sa.Column('reopened_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('reopen_text', sa.String(length=1000), nullable=True),
    sa.Column('first_outcome', sa.String(length=10), nullable=True),
    sa.Column('first_answer', sa.String(length=2000), nullable=True),
    sa.Column('first_answered_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('first_overdue_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('complaint_id')
    )
    with op.batch_alter_table('complaints', schema=None) as batch_op:
        batch_op.create_index('complaints_by_due', ['status', 'due_on'], unique=False)
        batch_op.create_index('complaints_by_status', ['programme', 'status', 'complaint_id'], unique=False)
        batch_op.create_index('complaints_of_provider', ['provider_id', 'filed_at'], unique=False)

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

    op.create_table('designations',
    sa.Column('designation_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.Column('designated_on', sa.Date(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('told_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('told_by', sa.String(length=128), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('designation_id'),
    sa.UniqueConstraint('enterprise_id', 'kind')
    )
    with op.batch_alter_table('designations', schema=None) as batch_op:
        batch_op.create_index('designations_of_programme', ['programme', 'designation_id'], unique=False)

    op.create_table('enterprise_evaluations',
    sa.Column('evaluation_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('order_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('standard_id', sa.String(length=26), nullable=False),
    sa.Column('points', infra.tables.Json(), nullable=False),
    sa.Column('reached', sa.Integer(), nullable=False),
    sa.Column('most', sa.Integer(), nullable=False),
    sa.Column('score', sa.SmallInteger(), nullable=False),
    sa.Column('text', sa.String(length=2000), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('told_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('told_by', sa.String(length=128), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('evaluation_id')
    )
    with op.batch_alter_table('enterprise_evaluations', schema=None) as batch_op:
        batch_op.create_index('enterprise_evaluations_of_programme', ['programme', 'evaluation_id'], unique=False)
        batch_op.create_index('enterprise_evaluations_of_provider', ['provider_id', 'told_at'], unique=False)
        batch_op.create_index('enterprise_evaluations_once', ['order_id', 'name'], unique=True, postgresql_where=sa.text("status = 'evaluated'"), sqlite_where=sa.text("status = 'evaluated'"))

    op.create_table('evidence',
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('event_id', sa.String(length=26), nullable=False),
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('type', sa.String(length=100), nullable=False),
    sa.Column('subject', sa.String(length=128), nullable=False),
    sa.Column('time', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('stream_seq', sa.BigInteger(), nullable=True),
    sa.Column('recorded_at', sa.String(length=32), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('leaf', sa.String(length=64), nullable=False),
    sa.Column('root', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('position'),
    sa.UniqueConstraint('event_id')
    )
    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.create_index('evidence_streams', ['source', 'stream_seq'], unique=False)
        batch_op.create_index(batch_op.f('ix_evidence_subject'), ['subject'], unique=False)

    op.create_table('evidence_checkpoints',
    sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('document', infra.tables.Json(), nullable=False),
    sa.Column('signature', infra.tables.Json(), nullable=False),
    sa.PrimaryKeyConstraint('number')
    )
    with op.batch_alter_table('evidence_checkpoints', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evidence_checkpoints_size'), ['size'], unique=False)

    op.create_table('evidence_head',
    sa.Column('name', sa.String(length=10), nullable=False),
    sa.Column('algorithm', sa.String(length=10), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('root', sa.String(length=64), nullable=False),
    sa.Column('edge', infra.tables.Json(), nullable=False),
    sa.Column('checkpoints', sa.BigInteger(), nullable=False),
    sa.Column('checkpoint_size', sa.BigInteger(), nullable=False),
    sa.Column('checkpoint_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('evidence_nodes',
    sa.Column('level', sa.SmallInteger(), nullable=False),
    sa.Column('at', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('level', 'at')
    )
    op.create_table('evidence_shipments',
    sa.Column('destination', sa.String(length=500), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('shipped_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('destination')
    )
    op.create_table('evidence_sources',
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('events', sa.BigInteger(), nullable=False),
    sa.Column('numbered', sa.BigInteger(), nullable=False),
    sa.Column('last_seq', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('source')
    )
    op.create_table('evidence_walk',
    sa.Column('name', sa.String(length=10), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('edge', infra.tables.Json(), nullable=False),
    sa.Column('checkpoint', sa.BigInteger(), nullable=False),
    sa.Column('walked_at', infra.tables.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('inbox',
    sa.Column('consumer', sa.String(length=40), nullable=False),
    sa.Column('event_id', sa.String(length=26), nullable=False),
    sa.Column('at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('consumer', 'event_id')
    )
    with op.batch_alter_table('inbox', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inbox_at'), ['at'], unique=False)

    op.create_table('invoice_uses',
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('plain', sa.String(length=64), nullable=False),
    sa.Column('invoice_number', sa.String(length=30), nullable=False),
    sa.Column('bare', sa.String(length=64), nullable=False),
    sa.Column('core', sa.String(length=64), nullable=False),
    sa.Column('tail', sa.String(length=10), nullable=False),
    sa.Column('digits', sa.String(length=64), nullable=False),
    sa.Column('order_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('used_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('claim_id', 'plain')
    )
    with op.batch_alter_table('invoice_uses', schema=None) as batch_op:
        batch_op.create_index('invoice_uses_core', ['provider_id', 'core'], unique=False)
        batch_op.create_index('invoice_uses_plain', ['plain'], unique=False)
        batch_op.create_index('invoice_uses_tail', ['provider_id', 'tail'], unique=False)
        batch_op.create_index(batch_op.f('ix_invoice_uses_bare'), ['bare'], unique=False)
        batch_op.create_index(batch_op.f('ix_invoice_uses_digits'), ['digits'], unique=False)

    op.create_table('known_claims',
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('claim_version', sa.BigInteger(), nullable=False),
    sa.Column('order_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('category', sa.String(length=20), nullable=False),
    sa.Column('product_id', sa.String(length=26), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.Column('claimed_fen', sa.BigInteger(), nullable=False),
    sa.Column('payable_fen', sa.BigInteger(), nullable=False),
    sa.Column('paid_on', sa.Date(), nullable=True),
    sa.Column('invoice_number', sa.String(length=30), nullable=False),
    sa.Column('invoice_fen', sa.BigInteger(), nullable=False),
    sa.Column('invoice_on', sa.Date(), nullable=False),
    sa.Column('contract_sha256', sa.String(length=64), nullable=False),
    sa.Column('transfer_fen', sa.BigInteger(), nullable=False),
    sa.Column('refunded_fen', sa.BigInteger(), nullable=True),
    sa.Column('payer_index', sa.String(length=64), nullable=True),
    sa.Column('payee_index', sa.String(length=64), nullable=True),
    sa.Column('usage_days', sa.BigInteger(), nullable=False),
    sa.Column('usage_units', sa.BigInteger(), nullable=False),
    sa.Column('filed_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('claim_id')
    )
    with op.batch_alter_table('known_claims', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_claims_payee_index'), ['payee_index'], unique=False)
        batch_op.create_index(batch_op.f('ix_known_claims_payer_index'), ['payer_index'], unique=False)
        batch_op.create_index('known_claims_between', ['enterprise_id', 'provider_id'], unique=False)
        batch_op.create_index('known_claims_by_status', ['programme', 'status'], unique=False)
        batch_op.create_index('known_claims_of_contract', ['contract_sha256', 'claim_id'], unique=False)
        batch_op.create_index('known_claims_of_order', ['order_id'], unique=False)
        batch_op.create_index('known_claims_of_provider', ['provider_id', 'filed_at'], unique=False)

    op.create_table('known_filings',
    sa.Column('filing_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('opened_on', sa.Date(), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('filing_id')
    )
    with op.batch_alter_table('known_filings', schema=None) as batch_op:
        batch_op.create_index('known_filings_by_status', ['programme', 'status'], unique=False)

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
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('product_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('category', sa.String(length=20), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('list_price_fen', sa.BigInteger(), nullable=False),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.Column('voucher_fen', sa.BigInteger(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('ordered_on', sa.Date(), nullable=False),
    sa.Column('confirmed_on', sa.Date(), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('order_id')
    )
    with op.batch_alter_table('known_orders', schema=None) as batch_op:
        batch_op.create_index('known_orders_of_category', ['programme', 'category', 'order_id'], unique=False)
        batch_op.create_index('known_orders_of_product', ['product_id', 'order_id'], unique=False)
        batch_op.create_index('known_orders_of_provider', ['provider_id', 'confirmed_on'], unique=False)

    op.create_table('known_parties',
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('public_name', sa.String(length=120), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('provider_kind', sa.String(length=20), nullable=True),
    sa.Column('holder', sa.String(length=64), nullable=True),
    sa.Column('registered_on', sa.Date(), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('party_id')
    )
    with op.batch_alter_table('known_parties', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_parties_holder'), ['holder'], unique=False)
        batch_op.create_index('known_parties_by_region', ['programme', 'kind', 'region'], unique=False)

    op.create_table('known_products',
    sa.Column('product_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('category', sa.String(length=20), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.Column('market_price_fen', sa.BigInteger(), nullable=True),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('product_id')
    )
    op.create_table('known_receivables',
    sa.Column('receivable_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('claim_id', sa.String(length=26), nullable=True),
    sa.Column('ground', sa.String(length=20), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('recovered_fen', sa.BigInteger(), nullable=False),
    sa.Column('written_off_fen', sa.BigInteger(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('overdue_on', sa.Date(), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('receivable_id')
    )
    with op.batch_alter_table('known_receivables', schema=None) as batch_op:
        batch_op.create_index('known_receivables_of_party', ['party_id', 'receivable_id'], unique=False)

    op.create_table('known_ties',
    sa.Column('tie_id', sa.String(length=26), nullable=False),
    sa.Column('enterprise_id', sa.String(length=26), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('tie_id')
    )
    with op.batch_alter_table('known_ties', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_ties_enterprise_id'), ['enterprise_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_known_ties_provider_id'), ['provider_id'], unique=False)

    op.create_table('known_wind_downs',
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('source', sa.String(length=12), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('open', sa.BigInteger(), nullable=False),
    sa.Column('handed_over', sa.BigInteger(), nullable=False),
    sa.Column('settled', sa.BigInteger(), nullable=False),
    sa.Column('voided', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('provider_id', 'source')
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

    op.create_table('party_facts',
    sa.Column('party_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('value', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('party_id', 'kind', 'value')
    )
    with op.batch_alter_table('party_facts', schema=None) as batch_op:
        batch_op.create_index('party_facts_holders', ['value', 'kind', 'party_id'], unique=False)

    op.create_table('region_awards',
    sa.Column('award_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('regions', infra.tables.Json(), nullable=False),
    sa.Column('shares', infra.tables.Json(), nullable=False),
    sa.Column('facts', infra.tables.Json(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('told_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('told_by', sa.String(length=128), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('award_id'),
    sa.UniqueConstraint('programme', 'year')
    )
    op.create_table('region_evaluations',
    sa.Column('evaluation_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('period', sa.String(length=7), nullable=False),
    sa.Column('score', sa.SmallInteger(), nullable=False),
    sa.Column('text', sa.String(length=2000), nullable=False),
    sa.Column('figures', infra.tables.Json(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('told_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('told_by', sa.String(length=128), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('evaluation_id'),
    sa.UniqueConstraint('programme', 'region', 'period')
    )
    op.create_table('region_reports',
    sa.Column('report_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('score', sa.SmallInteger(), nullable=False),
    sa.Column('text', sa.String(length=2000), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('told_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('told_by', sa.String(length=128), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('report_id'),
    sa.UniqueConstraint('programme', 'region', 'month')
    )
    op.create_table('report_terms',
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.PrimaryKeyConstraint('programme')
    )
    op.create_table('screening_pending',
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('since', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('event_id', sa.String(length=26), nullable=False),
    sa.Column('correlation_id', sa.String(length=128), nullable=False),
    sa.Column('again', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('claim_id')
    )
    with op.batch_alter_table('screening_pending', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_screening_pending_since'), ['since'], unique=False)

    op.create_table('screenings',
    sa.Column('claim_id', sa.String(length=26), nullable=False),
    sa.Column('claim_version', sa.BigInteger(), nullable=False),
    sa.Column('provider_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('verdict', sa.String(length=10), nullable=False),
    sa.Column('screened_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('claim_id')
    )
    op.create_table('standards',
    sa.Column('standard_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('items', infra.tables.Json(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('told_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('told_by', sa.String(length=128), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('standard_id'),
    sa.UniqueConstraint('programme', 'name', 'version')
    )
    with op.batch_alter_table('standards', schema=None) as batch_op:
        batch_op.create_index('standards_once', ['programme', 'name'], unique=True, postgresql_where=sa.text("status = 'published'"), sqlite_where=sa.text("status = 'published'"))

    op.create_table('streams',
    sa.Column('service', sa.String(length=40), nullable=False),
    sa.Column('head_seq', sa.BigInteger(), nullable=False),
    sa.Column('head_hash', sa.String(length=64), nullable=False),
    sa.Column('holder', sa.String(length=100), nullable=True),
    sa.Column('held_until', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('service')
    )
    op.create_table('targets',
    sa.Column('target_id', sa.String(length=26), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('measure', sa.String(length=40), nullable=False),
    sa.Column('at_least', sa.BigInteger(), nullable=False),
    sa.Column('pack_version', sa.String(length=80), nullable=False),
    sa.Column('articles', infra.tables.Json(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('told_at', infra.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('told_by', sa.String(length=128), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('target_id')
    )
    with op.batch_alter_table('targets', schema=None) as batch_op:
        batch_op.create_index('targets_once', ['programme', 'region', 'year', 'measure'], unique=True, postgresql_where=sa.text("status = 'set'"), sqlite_where=sa.text("status = 'set'"))

    # ### end Alembic commands ###

    for table in ("adjustments", "decisions", "designations", "evidence", "evidence_checkpoints", "evidence_nodes", "region_awards", "region_evaluations", "region_reports"):
        guard(op, table)


def downgrade() -> None:
    raise RuntimeError("the first tables are not taken away: restore a backup")
