package dev.sluice.channel;

import dev.sluice.limit.Throttle;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Upstream;
import dev.sluice.wire.Endpoint;
import dev.sluice.wire.Limits;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A channel in service: what the operator wrote, and how it and its keys are doing. Health outlives a change of the rest. */
final class Live {
    /** One key, ready to be used, with what may pass by it alone. */
    record Key(Upstream upstream, Health health, Throttle throttle) {
        Key(Upstream upstream, Health health) {
            this(upstream, health, new Throttle(Limits.NONE));
        }

        boolean available(Set<Object> tried, long tokens, long now) {
            return !tried.contains(this) && health.available(now) && throttle.denial(tokens) == null;
        }

        long retryAt(long now) {
            return Math.max(health.retryAt(now), free(throttle, now));
        }
    }

    private static long free(Throttle throttle, long now) {
        Throttle.Denial denial = throttle.denial(1);
        return denial == null ? now : now + denial.retryAfter().toMillis();
    }

    private final Channel channel;
    private final Health health;
    private final List<Key> keys;
    private final Throttle throttle;
    private final AtomicInteger turn = new AtomicInteger();
    private final LongConsumer freed;

    /** @param freed told the channel's id when a call has left it */
    Live(Channel channel, Health health, List<Key> keys, Throttle throttle, LongConsumer freed) {
        this.freed = freed;
        this.channel = channel;
        this.health = health;
        this.keys = List.copyOf(keys);
        this.throttle = throttle;
    }

    Channel channel() {
        return channel;
    }

    Health health() {
        return health;
    }

    List<Key> keys() {
        return keys;
    }

    Throttle throttle() {
        return throttle;
    }

    /** Whether there is an account at all, and its vendor has the endpoint. */
    boolean reaches(Endpoint endpoint) {
        return !keys.isEmpty() && keys.getFirst().upstream.serves(endpoint);
    }

    boolean available(Set<Object> tried, long tokens, long now) {
        if (tried.contains(this) || !health.available(now) || throttle.denial(tokens) != null) {
            return false;
        }
        for (Key key : keys) {
            if (key.available(tried, tokens, now)) {
                return true;
            }
        }
        return false;
    }

    /** Whether it can be asked, whatever its limits say. */
    boolean healthy(Set<Object> tried, long now) {
        if (tried.contains(this) || !health.available(now)) {
            return false;
        }
        for (Key key : keys) {
            if (!tried.contains(key) && key.health.available(now)) {
                return true;
            }
        }
        return false;
    }

    /** A call by this key has ended. */
    void leave(Key key, long estimatedTokens, long usedTokens) {
        throttle.leave(estimatedTokens, usedTokens);
        key.throttle.leave(estimatedTokens, usedTokens);
        freed.accept(channel.id());
    }

    /** Open calls for each unit of its weight. */
    double load() {
        return (double) throttle.open() / channel.weight();
    }

    /** How long a stream would have to wait here, with those that are open now. */
    double expectedWait(long now) {
        return health.peakMs(now) * (throttle.open() + 1);
    }

    /** Keys take turns, but calls that belong together keep theirs: a vendor's cache is an account's. Null when another call was faster to the last chance. */
    @Nullable
    Choice take(Set<Object> tried, long tokens, @Nullable String kin, long now) {
        int first = kin == null ? turn.getAndIncrement() : kin.hashCode();
        for (int i = 0; i < keys.size(); i++) {
            Key key = keys.get(Math.floorMod(first + i, keys.size()));
            if (!tried.contains(key) && key.throttle.enter(tokens) == null) {
                if (key.health.take(now)) {
                    return take(key, tokens, now);
                }
                key.throttle.withdraw(tokens);
            }
        }
        return null;
    }

    /** With a key that is taken already. */
    private @Nullable Choice take(Key key, long tokens, long now) {
        if (throttle.enter(tokens) == null) {
            if (health.take(now)) {
                return new Choice(this, key, tokens);
            }
            throttle.withdraw(tokens);
        }
        key.throttle.withdraw(tokens);
        key.health.undecided(now);
        return null;
    }

    long retryAt(long now) {
        long soonest = Long.MAX_VALUE;
        for (Key key : keys) {
            soonest = Math.min(soonest, key.retryAt(now));
        }
        return Math.max(free(throttle, now), Math.max(soonest, health.retryAt(now)));
    }

    /** As the operator sees it. */
    Channels.HealthView view(long now) {
        if (!channel.enabled()) {
            return view("off", "disabled", null, now);
        }
        boolean allRefused = true;
        boolean noneFree = true;
        for (Key key : keys) {
            allRefused &= key.health.reason() == Failure.Kind.KEY_REFUSED;
            noneFree &= !key.health.available(now);
        }
        if (allRefused) {
            return view("off", label(Failure.Kind.KEY_REFUSED), retryAt(now), now);
        }
        return switch (health.state()) {
            case COOLING -> view("cooling", label(health.reason()), retryAt(now), now);
            case PROBING -> view("probing", label(health.reason()), retryAt(now), now);
            case OK ->
                noneFree
                        ? view("cooling", label(keys.getFirst().health.reason()), retryAt(now), now)
                        : view("ok", null, null, now);
        };
    }

    private static @Nullable String label(Failure.@Nullable Kind reason) {
        return reason == null ? null : reason.label;
    }

    private Channels.HealthView view(String state, @Nullable String reason, @Nullable Long retryAt, long now) {
        return new Channels.HealthView(
                state,
                reason,
                retryAt,
                health.errorRate(),
                health.ttftMs(),
                keys.stream().map(key -> view(key.health, now)).toList());
    }

    private static Channels.HealthView view(Health health, long now) {
        boolean ok = health.state() == Health.State.OK;
        boolean refused = health.reason() == Failure.Kind.KEY_REFUSED;
        String state = ok ? "ok" : refused ? "off" : health.state() == Health.State.COOLING ? "cooling" : "probing";
        return new Channels.HealthView(
                state,
                label(health.reason()),
                ok ? null : Long.valueOf(health.retryAt(now)),
                health.errorRate(),
                health.ttftMs(),
                List.of());
    }
}
