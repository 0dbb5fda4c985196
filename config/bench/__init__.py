"""How fast, how frugal, how steady: measured against a plain loop over the same ledger."""
