package dev.sluice.channel;

import dev.sluice.settings.Settings;
import io.netty.channel.EventLoop;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * The calls that wait for a place at channels whose own limits are reached, where the settings let them wait. Users take
 * turns, and each user's calls go in the order they came; one place that becomes free calls one of them. Of this node
 * alone, bounded, and nobody waits longer than the settings say. Thread-safe.
 */
@Component
public final class WaitingLine {
    /** In milliseconds: what comes back by the minute is looked for no more often than this, and no less often than the next. */
    private static final long SHORTEST_LOOK = 10;

    private static final long LONGEST_LOOK = 1_000;

    private final Settings settings;
    private final Clock clock;
    private final Map<Long, Deque<Waiter>> byUser = new LinkedHashMap<>(); // whose turn it is stands first
    private volatile int size;

    WaitingLine(Settings settings, Clock clock) {
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * A call that wants a place.
     *
     * @param user whose turn it takes
     * @param loop where it is told
     */
    public record Want(
            Route route,
            long user,
            Set<Object> tried,
            @Nullable Long pinned,
            long tokens,
            @Nullable String kin,
            EventLoop loop) {
        @Nullable
        Choice choose(long now) {
            return route.choose(tried, pinned, tokens, kin, now);
        }

        boolean mayWait(long now) {
            return route.isFull(tried, pinned, now);
        }
    }

    /** Whether others wait for the same channels: then whoever comes now goes behind them. */
    public boolean ahead(Route route) {
        return route.waiting().get() > 0;
    }

    /** The place that a call gets in its turn; nothing: its time was over, or there was nothing to wait for. Null: nobody may wait. */
    public @Nullable Mono<Choice> join(Want want) {
        long patience = TimeUnit.SECONDS.toMillis(settings.now().queueWaitSeconds());
        if (patience == 0 || !want.mayWait(clock.millis()) && !ahead(want.route)) {
            return null;
        }
        return Mono.create(sink -> enter(new Waiter(want, sink), patience));
    }

    public int size() {
        return size;
    }

    private void enter(Waiter waiter, long patience) {
        if (!add(waiter)) {
            waiter.sink.success();
            return;
        }
        waiter.sink.onDispose(() -> remove(waiter));
        waiter.giveUp = waiter.want.loop.schedule(waiter::giveUp, patience, TimeUnit.MILLISECONDS);
        callFor(waiter.want.route); // a place may have become free between the look at it and now
        waiter.lookAgain();
        watch(waiter.want.route, waiter.want.loop);
    }

    /** Nobody tells when a limit by the minute lets the next call pass, so one look at a time is ahead for each route. */
    private void watch(Route route, EventLoop loop) {
        if (!route.watched().compareAndSet(false, true)) {
            return;
        }
        long now = clock.millis();
        long wait = Math.clamp(route.retryAt(now) - now, SHORTEST_LOOK, LONGEST_LOOK);
        loop.schedule(
                () -> {
                    route.watched().set(false);
                    if (ahead(route)) {
                        callFor(route);
                        watch(route, loop);
                    }
                },
                wait,
                TimeUnit.MILLISECONDS);
    }

    private synchronized boolean add(Waiter waiter) {
        int most = settings.now().queueSize();
        Deque<Waiter> line = byUser.computeIfAbsent(waiter.want.user, user -> new ArrayDeque<>());
        // One user alone must not leave the others without a place in the line.
        boolean fits = size < most && line.size() < Math.max(1, most / 2);
        if (fits) {
            line.add(waiter);
            waiter.in = true;
            waiter.want.route.waiting().incrementAndGet();
            size++;
        } else if (line.isEmpty()) {
            byUser.remove(waiter.want.user);
        }
        return fits;
    }

    /** False: it had left before. */
    private synchronized boolean remove(Waiter waiter) {
        waiter.stopClocks();
        if (!waiter.in) {
            return false;
        }
        waiter.in = false;
        waiter.want.route.waiting().decrementAndGet();
        size--;
        Deque<Waiter> line = byUser.get(waiter.want.user);
        if (line != null) {
            line.remove(waiter);
            if (line.isEmpty()) {
                byUser.remove(waiter.want.user);
            }
        }
        return true;
    }

    /** It got a place: the next turn is another user's. */
    private synchronized void served(Waiter waiter) {
        if (remove(waiter)) {
            Deque<Waiter> line = byUser.remove(waiter.want.user);
            if (line != null) {
                byUser.put(waiter.want.user, line);
            }
        }
    }

    /** A call at that channel has ended. */
    void freed(long channelId) {
        if (size > 0) {
            call(each -> each.want.route.has(channelId));
        }
    }

    private void callFor(Route route) {
        call(each -> each.want.route == route);
    }

    private void call(Predicate<Waiter> whom) {
        Waiter next = next(whom);
        if (next != null) {
            next.want.loop.execute(next::called);
        }
    }

    private synchronized @Nullable Waiter next(Predicate<Waiter> whom) {
        for (Deque<Waiter> line : byUser.values()) {
            for (Waiter each : line) {
                if (!each.called && whom.test(each)) {
                    each.called = true;
                    return each;
                }
            }
        }
        return null;
    }

    private synchronized boolean waits(Waiter waiter) {
        return waiter.in;
    }

    /** It answers the call for it: whether it still waits. */
    private synchronized boolean isIn(Waiter waiter) {
        waiter.called = false;
        return waiter.in;
    }

    /** One call in the line. Its clocks and what it does stay on its event loop. */
    private final class Waiter {
        private final Want want;
        private final MonoSink<Choice> sink;
        private boolean in; // guarded by the line, as is the next
        private boolean called;
        private volatile @Nullable Future<?> giveUp;
        private volatile @Nullable Future<?> look;

        Waiter(Want want, MonoSink<Choice> sink) {
            this.want = want;
            this.sink = sink;
        }

        void called() {
            if (!isIn(this)) {
                callFor(want.route); // it left when it was called: the place is another's
                return;
            }
            Choice choice = want.choose(clock.millis());
            if (choice != null) {
                served(this);
                sink.success(choice);
                callFor(want.route); // there may be more than one place
            }
        }

        void giveUp() {
            if (remove(this)) {
                sink.success();
            }
        }

        /** Its channels may go out meanwhile: then there is nothing to wait for. */
        private void lookAgain() {
            look = want.loop.schedule(
                    () -> {
                        if (!want.mayWait(clock.millis())) {
                            giveUp();
                        } else if (waits(this)) {
                            lookAgain();
                        }
                    },
                    LONGEST_LOOK,
                    TimeUnit.MILLISECONDS);
        }

        private void stopClocks() {
            Future<?> end = giveUp;
            if (end != null) {
                end.cancel(false);
            }
            Future<?> next = look;
            if (next != null) {
                next.cancel(false);
            }
        }
    }
}
