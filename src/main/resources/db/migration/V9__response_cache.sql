-- How long the answers to a token's calls are kept for it, in seconds; null: as the settings say of the model, 0: not at all.
ALTER TABLE tokens ADD COLUMN cache_ttl_seconds INT;
