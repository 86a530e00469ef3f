package dev.sluice.ledger;

import dev.sluice.wire.Usage;
import org.jspecify.annotations.Nullable;

/**
 * One line of the account book: a call, whatever its end.
 *
 * @param id the call's id, which sorts by time and is also what the caller got as {@code x-request-id}
 * @param startedAt epoch milliseconds
 * @param model as the caller named it
 * @param upstreamModel as the vendor was asked for it; null: no vendor was asked
 * @param status the HTTP status the caller got; 499 when it left
 * @param errorCode what went wrong, also after a 200; null: nothing
 * @param price the price and factors used, in words, so that a later price change never alters history
 * @param ttftMs time to the first token; only of streams
 * @param failedAttempts those that came to nothing, in order, as {@code channel:reason,…}; null: none
 * @param leaseEpoch of the leases the cost was spent from: booking it shortens those, and none that were taken later
 * @param leasedFromToken whether there was one on the token's quota
 */
public record Entry(
        String id,
        long startedAt,
        String endpoint,
        String model,
        @Nullable String upstreamModel,
        boolean stream,
        long userId,
        long tokenId,
        @Nullable Long channelId,
        int status,
        @Nullable String errorCode,
        Usage usage,
        long costNanos,
        @Nullable String price,
        long durationMs,
        @Nullable Long ttftMs,
        int attempts,
        @Nullable String failedAttempts,
        String clientIp,
        long leaseEpoch,
        boolean leasedFromToken,
        boolean leasedFromUser) {

    public boolean failed() {
        return errorCode != null;
    }
}
