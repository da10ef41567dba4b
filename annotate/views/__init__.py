"""The pages of annotation: load, authorise, call, respond."""
