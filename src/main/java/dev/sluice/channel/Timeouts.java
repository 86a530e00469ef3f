package dev.sluice.channel;

import org.jspecify.annotations.Nullable;

/**
 * How long to wait for a vendor, in milliseconds. Null: the gateway's default.
 *
 * @param totalMs from the request to the end of the answer; null: as long as something comes
 */
public record Timeouts(
        @Nullable Integer connectMs,
        @Nullable Integer firstByteMs,
        @Nullable Integer idleMs,
        @Nullable Integer totalMs) {
    public static final Timeouts NONE = new Timeouts(null, null, null, null);

    public Timeouts {
        positive("connect_ms", connectMs);
        positive("first_byte_ms", firstByteMs);
        positive("idle_ms", idleMs);
        positive("total_ms", totalMs);
    }

    private static void positive(String name, @Nullable Integer value) {
        if (value != null && value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1, or null for the default)");
        }
    }
}
