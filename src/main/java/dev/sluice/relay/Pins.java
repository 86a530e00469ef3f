package dev.sluice.relay;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.ledger.Tasks;
import dev.sluice.ledger.Tasks.Task;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Which channel made which response: what a vendor keeps is known to the account alone that made it, and is its maker's
 * business alone. In memory at once, and in the database within a second or so, where every node finds it.
 */
@Component
final class Pins implements DisposableBean {
    private static final Logger log = LoggerFactory.getLogger(Pins.class);
    private static final String KIND = "resp";

    /** Some 200 bytes each. */
    private static final int MOST = 200_000;

    /** What can wait for a database that is away; what is made beyond it is known to this node alone. */
    private static final int WAITING_AT_MOST = 20_000;

    private static final int LONGEST_ID = 100;

    /** As long as OpenAI keeps them. */
    private static final Duration KEPT = Duration.ofDays(30);

    private record Pin(long channelId, long userId) {}

    private final Cache<String, Pin> pins =
            Caffeine.newBuilder().maximumSize(MOST).expireAfterWrite(KEPT).build();
    private final LinkedBlockingQueue<Task> waiting = new LinkedBlockingQueue<>(WAITING_AT_MOST);
    private final Tasks tasks;
    private final Clock clock;

    Pins(Tasks tasks, Clock clock) {
        this.tasks = tasks;
        this.clock = clock;
    }

    void keep(String responseId, long channelId, long userId) {
        pins.put(responseId, new Pin(channelId, userId));
        if (responseId.length() <= LONGEST_ID) {
            waiting.offer(new Task(KIND, responseId, channelId, userId, 0, "", 0, clock.millis()));
        }
    }

    /** The channel that made it for this user, as far as this node knows; null: none. */
    @Nullable
    Long channel(String responseId, long userId) {
        Pin pin = pins.getIfPresent(responseId);
        return pin == null || pin.userId != userId ? null : Long.valueOf(pin.channelId);
    }

    /** Makes this node know what any node does; null: it does. */
    @Nullable
    Mono<Void> look(String responseId, long userId) {
        if (channel(responseId, userId) != null || responseId.length() > LONGEST_ID) {
            return null;
        }
        return tasks.find(KIND, List.of(responseId), userId)
                .doOnNext(found -> found.forEach(task -> pins.put(task.id(), new Pin(task.channelId(), task.userId()))))
                .onErrorMap(error -> new Refusal(
                        Reason.UNAVAILABLE,
                        "The gateway cannot look up responses just now.",
                        null,
                        Duration.ofSeconds(2)))
                .then();
    }

    Mono<Void> forget(String responseId, long channelId, long userId) {
        pins.invalidate(responseId);
        waiting.removeIf(task -> task.id().equals(responseId));
        return tasks.forget(new Task(KIND, responseId, channelId, userId, 0, "", 0, 0))
                .onErrorComplete()
                .then();
    }

    @Scheduled(fixedDelay = 1_000)
    void write() {
        writing().subscribe();
    }

    /** Those that wait, in order; those that cannot be written wait on. */
    private Mono<Void> writing() {
        List<Task> batch = new ArrayList<>();
        waiting.drainTo(batch);
        return Flux.fromIterable(batch)
                .concatMap(task -> tasks.add(task).onErrorResume(error -> {
                    log.debug("A response's channel waits for the database: {}", error.toString());
                    waiting.offer(task);
                    return Mono.empty();
                }))
                .then();
    }

    @Override
    public void destroy() {
        writing().timeout(Duration.ofSeconds(2)).onErrorComplete().block();
    }
}
