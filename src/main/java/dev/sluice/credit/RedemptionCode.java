package dev.sluice.credit;

import org.jspecify.annotations.Nullable;

/**
 * A code worth money, without the code itself: only its hash is kept. Times are epoch milliseconds, amounts nano-dollars.
 *
 * @param expiresAt null: never
 * @param redeemedBy null: by nobody yet
 */
public record RedemptionCode(
        long id,
        String name,
        String hint,
        long amountNanos,
        @Nullable Long expiresAt,
        long madeBy,
        @Nullable Long redeemedBy,
        @Nullable Long redeemedAt,
        long createdAt) {

    /** What it is good for. */
    public enum State {
        UNUSED,
        USED,
        EXPIRED
    }

    public State state(long now) {
        if (redeemedBy != null) {
            return State.USED;
        }
        return expiresAt != null && expiresAt <= now ? State.EXPIRED : State.UNUSED;
    }
}
