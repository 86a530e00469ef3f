package dev.sluice.limit;

import dev.sluice.wire.Limits;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The limits of one subject, a token, a group or a channel, and what has passed of them on this node. Requests and
 * tokens refill evenly over the minute. Tokens are taken by estimate and put right when the call has ended. Whoever is
 * refused takes nothing. Thread-safe.
 */
public final class Throttle {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** When a place among the open calls may be free again; nobody knows, but soon. */
    private static final Duration SOON = Duration.ofSeconds(1);

    private final Limits limits;
    private final @Nullable Bucket requests;
    private final @Nullable Bucket tokens;
    private int open;

    public Throttle(Limits limits) {
        this.limits = limits;
        this.requests = bucket(limits.rpm());
        this.tokens = bucket(limits.tpm());
    }

    private static @Nullable Bucket bucket(@Nullable Integer perMinute) {
        return perMinute == null
                ? null
                : Bucket.builder().addLimit(minute(perMinute)).build();
    }

    static Bandwidth minute(int perMinute) {
        return Bandwidth.builder()
                .capacity(perMinute)
                .refillGreedy(perMinute, MINUTE)
                .build();
    }

    public Limits limits() {
        return limits;
    }

    /** Which limit is reached, and when it is worth asking again. */
    public record Denial(String limit, int allowed, Duration retryAfter) {}

    /** Takes what one call needs, all of it or nothing; null: it passes, and must {@link #leave}. */
    public synchronized @Nullable Denial enter(long estimatedTokens) {
        Denial denial = denial(estimatedTokens);
        if (denial == null) {
            open++;
            if (requests != null) {
                requests.tryConsume(1);
            }
            if (tokens != null) {
                tokens.consumeIgnoringRateLimits(Math.max(1, estimatedTokens));
            }
        }
        return denial;
    }

    /** What {@link #enter} would say, without taking anything. */
    public synchronized @Nullable Denial denial(long estimatedTokens) {
        Integer most = limits.concurrency();
        if (most != null && open >= most) {
            return new Denial("concurrency", most, SOON);
        }
        Duration wait = wait(requests, 1);
        if (wait != null && limits.rpm() != null) {
            return new Denial("requests", limits.rpm(), wait);
        }
        // A call larger than the whole limit may pass when nothing else did: else it never could.
        Integer tpm = limits.tpm();
        long needed = tpm == null ? 0 : Math.min(Math.max(1, estimatedTokens), tpm);
        wait = wait(tokens, needed);
        return wait == null || tpm == null ? null : new Denial("tokens", tpm, wait);
    }

    private static @Nullable Duration wait(@Nullable Bucket bucket, long needed) {
        if (bucket == null) {
            return null;
        }
        var estimate = bucket.estimateAbilityToConsume(needed);
        return estimate.canBeConsumed() ? null : Duration.ofNanos(estimate.getNanosToWaitForRefill());
    }

    /** A call has ended: its place is free, and its tokens count as they were. */
    public synchronized void leave(long estimatedTokens, long usedTokens) {
        open--;
        if (tokens != null) {
            long more = usedTokens - Math.max(1, estimatedTokens);
            if (more > 0) {
                tokens.consumeIgnoringRateLimits(more);
            } else if (more < 0) {
                tokens.addTokens(-more);
            }
        }
    }

    /** A call that passed here was refused elsewhere: it never was. */
    public synchronized void withdraw(long estimatedTokens) {
        leave(estimatedTokens, 0);
        if (requests != null) {
            requests.addTokens(1);
        }
    }

    /** Calls that have passed and not left. */
    public synchronized int open() {
        return open;
    }

    /** How many requests are left of the minute's; null: they are not limited. */
    public @Nullable Long remainingRequests() {
        return requests == null ? null : requests.getAvailableTokens();
    }

    /** How many tokens are left of the minute's; null: they are not limited. */
    public @Nullable Long remainingTokens() {
        return tokens == null ? null : Math.max(0, tokens.getAvailableTokens());
    }

    /** How long until so many are there again as the limit allows. */
    public static Duration untilFull(int perMinute, long remaining) {
        return Duration.ofNanos(TimeUnit.MINUTES.toNanos(1) * Math.max(0, perMinute - remaining) / perMinute);
    }
}
