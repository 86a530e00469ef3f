package dev.sluice.relay;

import dev.sluice.channel.Channels;
import dev.sluice.channel.WaitingLine;
import dev.sluice.wire.Endpoint;
import dev.sluice.wire.Money;
import dev.sluice.wire.Usage;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * The relay's own numbers. Labels are endpoints, statuses and channel ids: nothing that a caller sends becomes one.
 * Each meter is looked up once and then kept.
 */
@Component
final class RelayMeters {
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2500),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofSeconds(60),
        Duration.ofSeconds(120),
        Duration.ofSeconds(300)
    };
    private static final String[] STATES = {"ok", "cooling", "probing", "off"};

    private final MeterRegistry registry;
    private final Channels channels;
    private final AtomicInteger openCalls = new AtomicInteger();
    private final AtomicInteger openStreams = new AtomicInteger();
    private final Map<Ending, Counter> calls = new ConcurrentHashMap<>();
    private final Map<Length, Timer> durations = new ConcurrentHashMap<>();
    private final Map<Endpoint, Timer> firstTokens = new ConcurrentHashMap<>();
    private final Map<Try, Counter> attempts = new ConcurrentHashMap<>();
    private final Counter promptTokens;
    private final Counter cachedTokens;
    private final Counter completionTokens;
    private final Counter cost;
    private final Counter cacheHits;
    private final Counter cacheMisses;
    private final MultiGauge states;

    private record Ending(Endpoint endpoint, int status, String outcome) {}

    private record Length(Endpoint endpoint, boolean stream) {}

    private record Try(long channel, String outcome) {}

    RelayMeters(MeterRegistry registry, Channels channels, WaitingLine line) {
        this.registry = registry;
        this.channels = channels;
        Gauge.builder("sluice.open.calls", openCalls, AtomicInteger::get)
                .description("Calls that have not ended")
                .register(registry);
        Gauge.builder("sluice.open.streams", openStreams, AtomicInteger::get)
                .description("Streamed calls that have not ended")
                .register(registry);
        Gauge.builder("sluice.waiting.calls", line, WaitingLine::size)
                .description("Calls that wait for a place at channels whose own limits are reached")
                .register(registry);
        promptTokens = tokens("prompt");
        cachedTokens = tokens("cached");
        completionTokens = tokens("completion");
        cost = Counter.builder("sluice.cost.usd")
                .description("What calls cost, in US dollars")
                .register(registry);
        cacheHits = cache("hit");
        cacheMisses = cache("miss");
        states = MultiGauge.builder("sluice.channel.state")
                .description("1 for the state that a channel is in")
                .register(registry);
    }

    private Counter tokens(String direction) {
        return Counter.builder("sluice.tokens")
                .description("Model tokens; cached ones are part of the prompt's")
                .tag("direction", direction)
                .register(registry);
    }

    private Counter cache(String outcome) {
        return Counter.builder("sluice.response.cache")
                .description("Calls whose answers are kept: whether it was there")
                .tag("outcome", outcome)
                .register(registry);
    }

    /** @param hit whether the answer was there */
    void cached(boolean hit) {
        (hit ? cacheHits : cacheMisses).increment();
    }

    int openCalls() {
        return openCalls.get();
    }

    void opened() {
        openCalls.incrementAndGet();
    }

    void streaming() {
        openStreams.incrementAndGet();
    }

    void closed(boolean stream) {
        openCalls.decrementAndGet();
        if (stream) {
            openStreams.decrementAndGet();
        }
    }

    void ended(Endpoint endpoint, boolean stream, int status, String outcome, long nanos, Usage usage, long costNanos) {
        calls.computeIfAbsent(new Ending(endpoint, status, outcome), this::counter)
                .increment();
        durations.computeIfAbsent(new Length(endpoint, stream), this::duration).record(nanos, TimeUnit.NANOSECONDS);
        promptTokens.increment(usage.prompt());
        cachedTokens.increment(usage.cached());
        completionTokens.increment(usage.completion());
        cost.increment((double) costNanos / Money.NANOS_PER_USD);
    }

    void firstToken(Endpoint endpoint, long nanos) {
        firstTokens.computeIfAbsent(endpoint, this::firstToken).record(nanos, TimeUnit.NANOSECONDS);
    }

    void attempt(long channel, String outcome) {
        attempts.computeIfAbsent(new Try(channel, outcome), this::attempts).increment();
    }

    private Counter counter(Ending ending) {
        return Counter.builder("sluice.calls")
                .description("Calls that have ended")
                .tag("endpoint", ending.endpoint.label())
                .tag("status", Integer.toString(ending.status))
                .tag("outcome", ending.outcome)
                .register(registry);
    }

    private Timer duration(Length length) {
        return Timer.builder("sluice.call.duration")
                .description("From the first byte of a call to its end")
                .tag("endpoint", length.endpoint.label())
                .tag("stream", Boolean.toString(length.stream))
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    private Timer firstToken(Endpoint endpoint) {
        return Timer.builder("sluice.time.to.first.token")
                .description("Of streams: from the first byte of the call to the first of its answer")
                .tag("endpoint", endpoint.label())
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    private Counter attempts(Try attempt) {
        return Counter.builder("sluice.attempts")
                .description("Tries at a channel and what became of them")
                .tag("channel", Long.toString(attempt.channel))
                .tag("outcome", attempt.outcome)
                .register(registry);
    }

    /** Channels come and go, so their states are looked at now and then, not kept as gauges of their own. */
    @Scheduled(fixedDelay = 5_000)
    void lookAtChannels() {
        List<MultiGauge.Row<?>> rows = new ArrayList<>();
        Set<Long> ids = Set.copyOf(channels.ids());
        forget(ids);
        for (long id : ids) {
            Channels.HealthView health = channels.health(id);
            for (String state : STATES) {
                int value = health != null && health.state().equals(state) ? 1 : 0;
                rows.add(MultiGauge.Row.of(Tags.of("channel", Long.toString(id), "state", state), value));
            }
        }
        states.register(rows, true);
    }

    /** Ids are never given again: what was counted of channels that are gone would only pile up. */
    private void forget(Set<Long> there) {
        attempts.entrySet().removeIf(each -> {
            boolean gone = !there.contains(each.getKey().channel);
            if (gone) {
                registry.remove(each.getValue());
            }
            return gone;
        });
    }
}
