"""voucher: what may be spent: plans, quota, orders, and the ledger that balances them."""
