-- Nano-dollars for a minute of a recording, and for a million characters that are spoken.
ALTER TABLE prices ADD COLUMN minute_nanos BIGINT;
ALTER TABLE prices ADD COLUMN mchar_nanos BIGINT;
-- Nano-dollars per million tokens of an answer of the tier flex, or priority; null: as any other.
ALTER TABLE prices ADD COLUMN flex_input_nanos BIGINT;
ALTER TABLE prices ADD COLUMN flex_output_nanos BIGINT;
ALTER TABLE prices ADD COLUMN priority_input_nanos BIGINT;
ALTER TABLE prices ADD COLUMN priority_output_nanos BIGINT;
