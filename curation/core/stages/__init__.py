"""The steps between judgments and rows, each writing what it drops into the ledger."""
