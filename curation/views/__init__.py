"""The pages of curation: datasets, quality of the judgments, adjudication."""
