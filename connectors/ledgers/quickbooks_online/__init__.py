"""QuickBooks Online (Intuit's Accounting API v3) behind the protocol of every ledger."""
