package dev.sluice.wire;

import org.jspecify.annotations.Nullable;

/** How much may pass in a minute and at once: requests, tokens, open calls. Null: no limit. */
public record Limits(
        @Nullable Integer rpm,
        @Nullable Integer tpm,
        @Nullable Integer concurrency) {
    public static final Limits NONE = new Limits(null, null, null);

    public Limits {
        atLeastOne("rpm", rpm);
        atLeastOne("tpm", tpm);
        atLeastOne("concurrency", concurrency);
    }

    private static void atLeastOne(String name, @Nullable Integer value) {
        if (value != null && value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1, or null for no limit)");
        }
    }
}
