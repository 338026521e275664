"""Every threshold of screening with its reason. None of them is a programme's: an alert asks for a look, no more."""

from __future__ import annotations

# --- what is customary accuses nobody -------------------------------------------------------------------------------

# Misconduct is rare. What so large a share of many claims does is how that system keeps its books.
CUSTOM_SHARE = 0.1
CUSTOM_FROM = 200  # claims, before a share says anything

# --- DATES_OUT_OF_ORDER ---------------------------------------------------------------------------------------------

GRAVE_DAYS = 30  # a slip of the pen or a batch entered late is of days, a paper made up afterwards of months
LATE_INVOICE_SHARE = 0.01  # where more invoices than this follow their claim, the filer is let hand them in afterwards
