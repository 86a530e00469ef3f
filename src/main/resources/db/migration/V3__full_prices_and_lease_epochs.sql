-- What the built-in price list states, an operator can state too. Nano-dollars per million tokens.
ALTER TABLE prices ADD hour_write_nanos BIGINT;
ALTER TABLE prices ADD audio_input_nanos BIGINT;
ALTER TABLE prices ADD cached_audio_input_nanos BIGINT;
ALTER TABLE prices ADD audio_output_nanos BIGINT;
ALTER TABLE prices ADD image_input_nanos BIGINT;
ALTER TABLE prices ADD image_output_nanos BIGINT;
ALTER TABLE prices ADD long_context_tokens BIGINT;
ALTER TABLE prices ADD long_input_nanos BIGINT;
ALTER TABLE prices ADD long_cached_input_nanos BIGINT;
ALTER TABLE prices ADD long_output_nanos BIGINT;

-- The node's leases since it last lost all it had; what was spent from earlier ones shortens none of a later epoch.
ALTER TABLE leases ADD epoch BIGINT DEFAULT 0 NOT NULL;
