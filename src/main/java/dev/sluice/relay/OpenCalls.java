package dev.sluice.relay;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The end of the relay: when the process is asked to stop, it takes no new calls, says so at {@code /readyz}, and lets
 * the running ones finish for a while. A stream that still runs then ends in an error event. Only then does the server
 * close: first to new connections, and when nobody asks any more on the old ones, to all. A proxy so never loses a call
 * to a connection that goes just as the call comes.
 */
@Component
final class OpenCalls implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(OpenCalls.class);
    private static final Duration LOOK = Duration.ofMillis(20);

    /** For the error events of streams that are cut off. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    /** Who was turned away within this time may have more to ask: a proxy that has not noticed yet. */
    private static final Duration QUIET = Duration.ofMillis(250);

    /** Who has not noticed by then never will. */
    private static final Duration LONGEST_GOODBYE = Duration.ofSeconds(2);

    private final Set<Call> streams = ConcurrentHashMap.newKeySet();
    private final RelayMeters meters;
    private final Entrance entrance;
    private final ApplicationEventPublisher events;
    private final Duration patience;
    private final Sinks.Empty<Void> goingDown = Sinks.empty();
    private volatile boolean running;
    private volatile boolean draining;
    private volatile long turnedAway;

    OpenCalls(
            RelayMeters meters,
            Entrance entrance,
            ApplicationEventPublisher events,
            @Value("${sluice.drain-timeout}") Duration patience) {
        this.meters = meters;
        this.entrance = entrance;
        this.events = events;
        this.patience = patience;
    }

    /** Completes when the process is asked to stop, for what would go on otherwise. */
    Mono<Void> goingDown() {
        return goingDown.asMono();
    }

    boolean draining() {
        return draining;
    }

    /** A call came too late. */
    void turnedAway() {
        turnedAway = System.nanoTime();
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        stop(() -> {});
    }

    @Override
    public void stop(Runnable done) {
        turnedAway = System.nanoTime() - QUIET.toNanos();
        draining = true;
        goingDown.tryEmitEmpty();
        AvailabilityChangeEvent.publish(events, this, ReadinessState.REFUSING_TRAFFIC);
        int open = meters.openCalls();
        if (open > 0) {
            log.info("Draining: {} calls may finish, for {} s at most", open, patience.toSeconds());
        }
        Flux.interval(Duration.ZERO, LOOK)
                .onBackpressureDrop()
                .takeUntil(tick -> meters.openCalls() == 0)
                .take(patience)
                .doFinally(signal -> cut(done))
                .subscribe();
    }

    private void cut(Runnable done) {
        if (meters.openCalls() > 0) {
            log.warn("{} calls did not finish in time and are cut off", meters.openCalls());
            streams.forEach(Call::cut);
        }
        Flux.interval(Duration.ZERO, LOOK)
                .onBackpressureDrop()
                .takeUntil(tick -> streams.isEmpty())
                .take(LAST_WORDS)
                .doFinally(signal -> close(done))
                .subscribe();
    }

    private void close(Runnable done) {
        entrance.close();
        Flux.interval(Duration.ZERO, LOOK)
                .onBackpressureDrop()
                .takeUntil(tick -> System.nanoTime() - turnedAway >= QUIET.toNanos())
                .take(LONGEST_GOODBYE)
                .then(Mono.firstWithSignal(
                        entrance.answered(), Mono.delay(patience).then()))
                .doFinally(signal -> finish(done))
                .subscribe();
    }

    private void finish(Runnable done) {
        running = false;
        done.run();
    }

    /** A stream that is told when it is cut off, until it has {@link #ended}. */
    void streams(Call call) {
        streams.add(call);
    }

    void ended(Call call) {
        streams.remove(call);
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Before everything else stops, the web server included. */
    @Override
    public int getPhase() {
        return Integer.MAX_VALUE;
    }
}
