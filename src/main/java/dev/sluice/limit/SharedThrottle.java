package dev.sluice.limit;

import dev.sluice.limit.Throttle.Denial;
import dev.sluice.wire.Limits;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.distributed.AsyncBucketProxy;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What all nodes together let pass of one subject in a minute, as {@link Throttle} does for one node: requests and
 * tokens, not open calls. It is asked without waiting, and its answers come from another thread. Whoever is refused
 * takes nothing.
 */
public final class SharedThrottle {
    private final Limits limits;
    private final @Nullable AsyncBucketProxy requests;
    private final @Nullable AsyncBucketProxy tokens;

    SharedThrottle(Limits limits, @Nullable AsyncBucketProxy requests, @Nullable AsyncBucketProxy tokens) {
        this.limits = limits;
        this.requests = requests;
        this.tokens = tokens;
    }

    /** Whether a call may pass, and what is left of the minute for all nodes; null where there is no limit. */
    public record Verdict(
            @Nullable Denial denial,
            @Nullable Long remainingRequests,
            @Nullable Long remainingTokens) {
        public boolean passed() {
            return denial == null;
        }
    }

    /** What one bucket said of a call. Without a bucket everything passes. */
    private record Taken(boolean passed, @Nullable Long remaining, Duration retryAfter) {
        static final Taken UNLIMITED = new Taken(true, null, Duration.ZERO);

        static Taken of(ConsumptionProbe probe) {
            return new Taken(
                    probe.isConsumed(),
                    Math.max(0, probe.getRemainingTokens()),
                    Duration.ofNanos(probe.getNanosToWaitForRefill()));
        }
    }

    /** Takes what one call needs, all of it or nothing. */
    public CompletableFuture<Verdict> enter(long estimatedTokens) {
        return take(requests, 1)
                .thenCombine(
                        take(tokens, first(estimatedTokens)),
                        (request, token) -> verdict(request, token, estimatedTokens));
    }

    private static CompletableFuture<Taken> take(@Nullable AsyncBucketProxy bucket, long amount) {
        return bucket == null
                ? CompletableFuture.completedFuture(Taken.UNLIMITED)
                : bucket.tryConsumeAndReturnRemaining(amount).thenApply(Taken::of);
    }

    /** A call larger than the whole limit may pass when nothing else did, and owes the rest: else it never could. */
    private long first(long estimatedTokens) {
        Integer tpm = limits.tpm();
        return Math.max(1, tpm == null ? estimatedTokens : Math.min(estimatedTokens, tpm));
    }

    private Verdict verdict(Taken request, Taken token, long estimatedTokens) {
        if (!request.passed() && token.passed()) {
            give(tokens, first(estimatedTokens));
        } else if (request.passed() && !token.passed()) {
            give(requests, 1);
        } else if (request.passed()) {
            owe(estimatedTokens - first(estimatedTokens));
        }
        Denial denial = null;
        if (!request.passed() && limits.rpm() != null) {
            denial = new Denial("requests", limits.rpm(), request.retryAfter());
        } else if (!token.passed() && limits.tpm() != null) {
            denial = new Denial("tokens", limits.tpm(), token.retryAfter());
        }
        return new Verdict(denial, request.remaining(), token.remaining());
    }

    /** A call that passed has ended: its tokens count as they were. */
    public void leave(long estimatedTokens, long usedTokens) {
        long more = usedTokens - Math.max(1, estimatedTokens);
        if (more > 0) {
            owe(more);
        } else {
            give(tokens, -more);
        }
    }

    /** A call that passed here was refused elsewhere: it never was. */
    public void withdraw(long estimatedTokens) {
        give(requests, 1);
        give(tokens, Math.max(1, estimatedTokens));
    }

    // Nobody waits for the two below. What Redis does not hear is as if the estimate had been right, for a minute.

    private void owe(long amount) {
        if (tokens != null && amount > 0) {
            tokens.consumeIgnoringRateLimits(amount);
        }
    }

    private static void give(@Nullable AsyncBucketProxy bucket, long amount) {
        if (bucket != null && amount > 0) {
            bucket.addTokens(amount);
        }
    }
}
