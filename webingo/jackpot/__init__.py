"""Progressive jackpots: meters that are fed from the ledger, their wins, and what players see of them."""
