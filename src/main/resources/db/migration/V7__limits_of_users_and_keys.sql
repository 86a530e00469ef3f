-- Limits of all the tokens of a user together. JSON; null: none.
ALTER TABLE users ADD COLUMN limits ${text};
-- Limits of each key of a channel by itself, beside those of the channel. JSON; null: none.
ALTER TABLE channels ADD COLUMN key_limits ${text};
