package dev.sluice.channel;

import dev.sluice.limit.Throttle;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Upstream;
import dev.sluice.wire.Endpoint;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A channel in service: what the operator wrote, and how it and its keys are doing. Health outlives a change of the rest. */
final class Live {
    /** One key, ready to be used. */
    record Key(Upstream upstream, Health health) {}

    private final Channel channel;
    private final Health health;
    private final List<Key> keys;
    private final Throttle throttle;
    private final AtomicInteger turn = new AtomicInteger();

    Live(Channel channel, Health health, List<Key> keys, Throttle throttle) {
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
            if (!tried.contains(key) && key.health.available(now)) {
                return true;
            }
        }
        return false;
    }

    /** Keys take turns. Null when another call was faster to the last chance. */
    @Nullable
    Choice take(Set<Object> tried, long tokens, long now) {
        int first = turn.getAndIncrement();
        for (int i = 0; i < keys.size(); i++) {
            Key key = keys.get(Math.floorMod(first + i, keys.size()));
            if (!tried.contains(key) && key.health.take(now)) {
                if (throttle.enter(tokens) == null) {
                    if (health.take(now)) {
                        return new Choice(this, key, tokens);
                    }
                    throttle.leave(tokens, 0);
                }
                key.health.undecided(now);
                return null;
            }
        }
        return null;
    }

    long retryAt(long now) {
        long soonest = Long.MAX_VALUE;
        for (Key key : keys) {
            soonest = Math.min(soonest, key.health.retryAt(now));
        }
        Throttle.Denial denial = throttle.denial(1);
        long free = denial == null ? now : now + denial.retryAfter().toMillis();
        return Math.max(free, Math.max(soonest, health.retryAt(now)));
    }

    /** As the operator sees it. */
    Channels.HealthView view(long now) {
        if (!channel.enabled()) {
            return new Channels.HealthView("off", "disabled", null, health.errorRate(), health.ttftMs());
        }
        boolean allRefused = true;
        boolean noneFree = true;
        for (Key key : keys) {
            allRefused &= key.health.reason() == Failure.Kind.KEY_REFUSED;
            noneFree &= !key.health.available(now);
        }
        if (allRefused) {
            return view("off", Failure.Kind.KEY_REFUSED, now);
        }
        return switch (health.state()) {
            case COOLING -> view("cooling", health.reason(), now);
            case PROBING -> view("probing", health.reason(), now);
            case OK ->
                noneFree
                        ? view("cooling", keys.getFirst().health.reason(), now)
                        : new Channels.HealthView("ok", null, null, health.errorRate(), health.ttftMs());
        };
    }

    private Channels.HealthView view(String state, Failure.@Nullable Kind reason, long now) {
        return new Channels.HealthView(
                state, reason == null ? null : reason.label, retryAt(now), health.errorRate(), health.ttftMs());
    }
}
