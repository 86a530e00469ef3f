package dev.sluice.channel;

import dev.sluice.vendor.Failure;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * How one channel, or one key of it, is doing, and whether it may be tried now. It begins well; failures make it cool
 * for a while; then exactly one call probes it, and what becomes of that call decides. Times are epoch milliseconds,
 * given by whoever asks. Thread-safe.
 *
 * <p>A refused key cools at once and for long, a rate limit at once for as long as the vendor says, anything else only
 * when it happened three times in a row: one broken connection says nothing about a vendor.
 */
final class Health {
    enum State {
        OK,
        COOLING,
        PROBING
    }

    private static final int FAILURES_IN_A_ROW = 3;
    private static final Duration FIRST_COOLING = Duration.ofSeconds(2);
    private static final Duration LONGEST_COOLING = Duration.ofMinutes(5);
    private static final Duration RATE_LIMITED = Duration.ofSeconds(1);
    private static final Duration LONGEST_RETRY_AFTER = Duration.ofMinutes(10);
    private static final Duration KEY_REFUSED = Duration.ofMinutes(30);

    /** A probe that was never heard of again, for a bug or a restart of its loop, does not keep the channel out for ever. */
    private static final Duration PROBE_PATIENCE = Duration.ofMinutes(10);

    /** To a third in so long. */
    private static final Duration PEAK_FORGOTTEN = Duration.ofSeconds(30);

    /** What is reckoned of a channel that nothing is known of: fast, so that it is tried, but not so fast that it gets every call of a burst. */
    private static final double UNHEARD_OF_MS = 50;

    /** Outcomes that the error rate looks back on. */
    private static final int WINDOW = 64;

    private State state = State.OK;
    private long retryAt;
    private long probingSince;
    private long coolingSince;
    private long testedAt;
    private boolean acceptedByTest;
    private boolean testsMislead;
    private int inARow;
    private int coolings;
    private Failure.@Nullable Kind reason;
    private long outcomes; // one bit each, the latest lowest; 1: failed
    private int known;
    private double ttftMs = -1;
    private double peakMs;
    private long peakAt;

    /** Whether {@link #take} would succeed. */
    synchronized boolean available(long now) {
        return switch (state) {
            case OK -> true;
            case COOLING -> now >= retryAt;
            case PROBING -> now - probingSince > PROBE_PATIENCE.toMillis();
        };
    }

    /** Takes the right to one attempt; the outcome must be told. */
    synchronized boolean take(long now) {
        if (!available(now)) {
            return false;
        }
        if (state != State.OK) {
            state = State.PROBING;
            probingSince = now;
        }
        return true;
    }

    /** The first byte came: a probe has found the channel well. How the answer ends is told later. */
    synchronized void answered() {
        if (state == State.PROBING) {
            state = State.OK;
        }
    }

    /**
     * Whether a channel that is due may be probed by a test instead of a call, which then has the right to it. Not before
     * an interval has passed: calls are the better probe where there are any.
     */
    synchronized boolean takeProbe(Duration interval, long now) {
        return state == State.COOLING && now - coolingSince >= interval.toMillis() && take(now);
    }

    /** Whether a refused key may be tested now; nothing hangs on the test but {@link #accepted}. */
    synchronized boolean takeTest(Duration interval, long now) {
        boolean due = state == State.COOLING
                && reason == Failure.Kind.KEY_REFUSED
                && !testsMislead
                && now - Math.max(coolingSince, testedAt) >= interval.toMillis();
        if (due) {
            testedAt = now;
        }
        return due;
    }

    /**
     * A test found that the vendor takes the key again. When the next call is refused all the same, as it is where an
     * account is empty, tests are not believed until a call has succeeded.
     */
    synchronized void accepted() {
        if (state == State.COOLING) {
            state = State.OK;
            acceptedByTest = true;
        }
    }

    synchronized void succeeded() {
        state = State.OK;
        inARow = 0;
        coolings = 0;
        reason = null;
        acceptedByTest = false;
        testsMislead = false;
        remember(0);
    }

    synchronized void failed(Failure failure, long now) {
        boolean probe = state == State.PROBING;
        testsMislead |= acceptedByTest && failure.kind() == Failure.Kind.KEY_REFUSED;
        acceptedByTest = false;
        reason = failure.kind();
        inARow++;
        remember(1);
        Duration pause = switch (failure.kind()) {
            case KEY_REFUSED -> KEY_REFUSED;
            case RATE_LIMITED ->
                failure.retryAfter() == null
                        ? growing(RATE_LIMITED)
                        : shorter(failure.retryAfter(), LONGEST_RETRY_AFTER);
            default -> probe || inARow >= FAILURES_IN_A_ROW ? growing(FIRST_COOLING) : Duration.ZERO;
        };
        if (pause.isPositive()) {
            state = State.COOLING;
            retryAt = now + pause.toMillis();
            coolingSince = now;
            coolings++;
        }
    }

    /** The attempt failed by the fault of the other, the key or the channel: it counts, and decides nothing here. */
    synchronized void missed(long now) {
        remember(1);
        undecided(now);
    }

    /** The attempt says nothing: the caller left, or was at fault. A probe may be made again at once. */
    synchronized void undecided(long now) {
        if (state == State.PROBING) {
            state = State.COOLING;
            retryAt = now;
        }
    }

    synchronized void firstToken(long millis, long now) {
        ttftMs = ttftMs < 0 ? millis : ttftMs * 0.8 + millis * 0.2;
        peakMs = Math.max(millis, peakMs(now) * 0.8 + millis * 0.2);
        peakAt = now;
    }

    /**
     * The time to first token to reckon with now, by a peak-sensitive moving average: it jumps up with a slow stream at
     * once, comes down slowly with fast ones, and is forgotten with time, so that who was slow is tried again.
     */
    synchronized double peakMs(long now) {
        double kept = peakMs * Math.exp(-(double) Math.max(0, now - peakAt) / PEAK_FORGOTTEN.toMillis());
        return Math.max(kept, UNHEARD_OF_MS);
    }

    /** When it can be tried again; in the past when that is now. */
    synchronized long retryAt(long now) {
        return switch (state) {
            case OK -> now;
            case COOLING -> retryAt;
            case PROBING -> now + 1_000; // a probe is on its way; its outcome is near
        };
    }

    synchronized State state() {
        return state;
    }

    synchronized Failure.@Nullable Kind reason() {
        return state == State.OK ? null : reason;
    }

    synchronized double errorRate() {
        return known == 0 ? 0 : (double) Long.bitCount(outcomes) / known;
    }

    synchronized @Nullable Long ttftMs() {
        return ttftMs < 0 ? null : Math.round(ttftMs);
    }

    private void remember(int outcome) {
        outcomes = outcomes << 1 | outcome;
        known = Math.min(WINDOW, known + 1);
    }

    /** Doubles with each cooling in a row; a tenth of jitter keeps nodes from probing together. */
    private Duration growing(Duration first) {
        long millis = first.toMillis() << Math.min(coolings, 20);
        long bounded = Math.min(millis, LONGEST_COOLING.toMillis());
        return Duration.ofMillis(bounded + ThreadLocalRandom.current().nextLong(bounded / 10 + 1));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
