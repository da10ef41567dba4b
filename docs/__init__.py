"""The guides, the decisions, and the scripts that take the pictures."""
