package dev.sluice.ledger;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Database;
import dev.sluice.settings.Settings;
import dev.sluice.wire.CallId;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Drops the ledger's rows that are older than root wants them kept, whole days of UTC, in small batches with pauses, so
 * that no lock is held for long. What the rows had cost is added to their accounts' sums in the same transaction: the
 * counters still add up. The daily sums stay.
 */
@Component
final class Retention implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(Retention.class);
    private static final Duration LOOK = Duration.ofMinutes(1);
    private static final long DAY = Duration.ofDays(1).toMillis();

    /** Some ten milliseconds of a database's time; with the pause it is busy with this for a tenth of it at most. */
    private static final int BATCH = 500;

    private static final Duration PAUSE = Duration.ofMillis(100);

    private final Database database;
    private final Settings settings;
    private final Clock clock;
    private volatile Disposable looking = () -> {};
    private volatile boolean running;

    Retention(Database database, Settings settings, Clock clock) {
        this.database = database;
        this.settings = settings;
        this.clock = clock;
    }

    /** Drops what is too old now, and says how many rows that were. */
    Mono<Long> drop() {
        Integer days = settings.now().retentionDays();
        if (days == null) {
            return Mono.just(0L);
        }
        String floor = CallId.floor((clock.millis() / DAY - days) * DAY);
        return batch(floor)
                .expand(dropped ->
                        dropped < BATCH ? Mono.empty() : Mono.delay(PAUSE).then(batch(floor)))
                .reduce(0L, Long::sum)
                .doOnNext(Retention::say)
                .flatMap(dropped ->
                        dropTasks((clock.millis() / DAY - days) * DAY).thenReturn(dropped));
    }

    /** Nobody looks at a task that is so old; their number is small beside that of the calls. */
    private Mono<Boolean> dropTasks(long floor) {
        return database.inTransaction(client -> client.sql("DELETE FROM tasks WHERE created_at < :floor")
                .bind("floor", floor)
                .fetch()
                .rowsUpdated()
                .thenReturn(true));
    }

    private static void say(long dropped) {
        if (dropped > 0) {
            log.info("{} calls were older than the ledger keeps them, and are dropped", dropped);
        }
    }

    private record Row(String id, long tokenId, long userId, long costNanos) {}

    private Mono<Integer> batch(String floor) {
        return database.inTransaction(client -> alone(client)
                .thenMany(oldest(client, floor))
                .collectList()
                .flatMap(rows -> rows.isEmpty() ? Mono.just(0) : drop(client, rows)));
    }

    /** Two nodes never drop the same rows: the second waits here for the first. */
    private static Mono<Long> alone(DatabaseClient client) {
        return client.sql("UPDATE revisions SET revision = revision + 1 WHERE name = 'retention'")
                .fetch()
                .rowsUpdated();
    }

    private static Flux<Row> oldest(DatabaseClient client, String floor) {
        return client.sql("SELECT id, token_id, user_id, cost_nanos FROM calls WHERE id < :floor ORDER BY id LIMIT "
                        + BATCH)
                .bind("floor", floor)
                .map(row -> new Row(
                        requireNonNull(row.get(0, String.class)),
                        number(row.get(1, Long.class)),
                        number(row.get(2, Long.class)),
                        number(row.get(3, Long.class))))
                .all();
    }

    /** By their ids, not by a bound: a row as old that is booked just now is not among those that were summed. */
    private static Mono<Integer> drop(DatabaseClient client, List<Row> rows) {
        return client.sql("DELETE FROM calls WHERE id IN (:ids)")
                .bind("ids", rows.stream().map(Row::id).toList())
                .fetch()
                .rowsUpdated()
                .then(keep(client, "token", sums(rows, Row::tokenId)))
                .then(keep(client, "user", sums(rows, Row::userId)))
                .thenReturn(rows.size());
    }

    /** What is left of an account's dropped rows. */
    private record Sum(long calls, long costNanos) {
        Sum plus(Sum other) {
            return new Sum(calls + other.calls, costNanos + other.costNanos);
        }
    }

    private static Map<Long, Sum> sums(List<Row> rows, ToLongFunction<Row> account) {
        Map<Long, Sum> sums = new TreeMap<>();
        rows.forEach(row -> sums.merge(account.applyAsLong(row), new Sum(1, row.costNanos), Sum::plus));
        return sums;
    }

    private static Mono<Void> keep(DatabaseClient client, String kind, Map<Long, Sum> sums) {
        return Flux.fromIterable(sums.entrySet())
                .concatMap(each -> keep(client, kind, each.getKey(), each.getValue()))
                .then();
    }

    private static Mono<Long> keep(DatabaseClient client, String kind, long id, Sum sum) {
        Mono<Long> inserted = bound(
                client,
                "INSERT INTO dropped_calls (kind, account_id, calls, cost_nanos) VALUES (:kind, :id, :calls, :cost)",
                kind,
                id,
                sum);
        return bound(
                        client,
                        "UPDATE dropped_calls SET calls = calls + :calls, cost_nanos = cost_nanos + :cost"
                                + " WHERE kind = :kind AND account_id = :id",
                        kind,
                        id,
                        sum)
                .flatMap(rows -> rows > 0 ? Mono.just(rows) : inserted);
    }

    private static Mono<Long> bound(DatabaseClient client, String sql, String kind, long id, Sum sum) {
        return client.sql(sql)
                .bind("kind", kind)
                .bind("id", id)
                .bind("calls", sum.calls)
                .bind("cost", sum.costNanos)
                .fetch()
                .rowsUpdated();
    }

    private static long number(@Nullable Long value) {
        return requireNonNull(value);
    }

    @Override
    public void start() {
        running = true;
        looking = Flux.interval(LOOK)
                .onBackpressureDrop()
                .concatMap(tick -> drop().onErrorResume(Retention::notNow), 1)
                .subscribe();
    }

    private static Mono<Long> notNow(Throwable error) {
        log.warn("Old calls could not be dropped, they are tried again in a minute: {}", error.toString());
        return Mono.empty();
    }

    @Override
    public void stop() {
        running = false;
        looking.dispose(); // a batch that is cut short is rolled back
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
