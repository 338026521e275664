"""registry's routing tables: which handler takes which command, event and deadline."""

from __future__ import annotations

from infra.pipeline import Due, EventHandler, Route
from services.registry.handlers.admission import (
    admit_providers,
    carry_out_exits,
    exit_leavers,
    give_exit_notices,
    take_back_exits,
)
from services.registry.handlers.blacklist import know_entries
from services.registry.handlers.certification import review_certifications, submit_certifications
from services.registry.handlers.documents import prune_uploads, upload_chunks
from services.registry.handlers.exits import know_wind_downs
from services.registry.handlers.parties import (
    change_facts,
    import_enterprises,
    register_enterprises,
    register_providers,
)
from services.registry.handlers.products import (
    record_market_prices,
    review_products,
    submit_products,
)
from services.registry.handlers.suspensions import follow_assessments
from services.registry.handlers.ties import end_shareholdings, record_shareholdings, record_ties, ties_found

WOUND_DOWN_BY = ("voucher", "settlement")

COMMANDS: dict[str, Route] = {
    "register_enterprise": Route(register_enterprises),
    "register_provider": Route(register_providers),
    "import_enterprises": Route(import_enterprises),
    "change_facts": Route(change_facts),
    "upload_chunk": Route(upload_chunks),
    "submit_certification": Route(submit_certifications),
    "review_certification": Route(review_certifications),
    "admit_provider": Route(admit_providers),
    "give_exit_notice": Route(give_exit_notices),
    "submit_product": Route(submit_products),
    "review_product": Route(review_products),
    "record_market_price": Route(record_market_prices),
    "record_tie": Route(record_ties),
    "record_shareholding": Route(record_shareholdings),
    "end_shareholding": Route(end_shareholdings),
}

EVENTS: dict[str, EventHandler] = {
    "supervision.party_blacklisted.v1": know_entries,
    "supervision.party_removed.v1": know_entries,
    "supervision.party_suspended.v1": know_entries,
    "supervision.party_resumed.v1": know_entries,
    "supervision.exit_decided.v1": carry_out_exits,
    "supervision.exit_revoked.v1": take_back_exits,
    "supervision.assessment_concluded.v1": follow_assessments,
    "supervision.assessment_mended.v1": follow_assessments,
    "supervision.tie_found.v1": ties_found,
    **{f"{source}.wind_down_{what}.v1": know_wind_downs for source in WOUND_DOWN_BY for what in ("opened", "closed")},
}

DUE: list[Due] = [exit_leavers, prune_uploads]
