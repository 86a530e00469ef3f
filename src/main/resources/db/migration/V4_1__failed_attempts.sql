-- The attempts of a call that came to nothing before another one answered, in order: channel:reason, separated by commas. Null: none.
ALTER TABLE calls ADD COLUMN failed_attempts VARCHAR(400);
