package dev.sluice.ledger;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Database;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Holds the counters of tokens and users against the sum of their rows in the ledger, and of the rows that retention
 * dropped. All of it is read from one snapshot, so calls that are booked meanwhile make no difference.
 */
@Component
public final class Reconciliation {
    /** Every row of the ledger is read: some ten seconds for ten million. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final Database database;

    public Reconciliation(Database database) {
        this.database = database;
    }

    /**
     * An account whose counter is not the sum of its rows. Amounts are nano-dollars.
     *
     * @param kind {@code token} or {@code user}
     */
    public record Unequal(String kind, long id, long usedNanos, long ledgerNanos) {}

    /** @param accounts how many were looked at */
    public record Result(long accounts, List<Unequal> unequal) {
        public Result {
            unequal = List.copyOf(unequal);
        }

        public boolean balanced() {
            return unequal.isEmpty();
        }
    }

    public Mono<Result> run() {
        return database.snapshot(Reconciliation::read, PATIENCE);
    }

    private static Mono<Result> read(DatabaseClient client) {
        Map<Long, Long> tokens = new HashMap<>();
        Map<Long, Long> users = new HashMap<>();
        return rows(client, tokens, users)
                .then(dropped(client, tokens, users))
                .then(counters(client, "tokens").collectList())
                .zipWhen(first -> counters(client, "users").collectList(), (first, second) -> {
                    List<Unequal> unequal = new ArrayList<>(unequal("token", first, tokens));
                    unequal.addAll(unequal("user", second, users));
                    return new Result(first.size() + second.size(), unequal);
                });
    }

    /** One pass over the rows for both kinds. */
    private static Mono<Void> rows(DatabaseClient client, Map<Long, Long> tokens, Map<Long, Long> users) {
        return client.sql("SELECT token_id, user_id, SUM(cost_nanos) FROM calls GROUP BY token_id, user_id")
                .map(row -> {
                    tokens.merge(number(row, 0), number(row, 2), Math::addExact);
                    users.merge(number(row, 1), number(row, 2), Math::addExact);
                    return true;
                })
                .all()
                .then();
    }

    private static Mono<Void> dropped(DatabaseClient client, Map<Long, Long> tokens, Map<Long, Long> users) {
        return client.sql("SELECT kind, account_id, cost_nanos FROM dropped_calls")
                .map(row -> {
                    boolean token = requireNonNull(row.get(0, String.class)).equals("token");
                    (token ? tokens : users).merge(number(row, 1), number(row, 2), Math::addExact);
                    return true;
                })
                .all()
                .then();
    }

    private record Counter(long id, long nanos) {}

    private static Flux<Counter> counters(DatabaseClient client, String table) {
        return client.sql("SELECT id, used_nanos FROM " + table + " ORDER BY id")
                .map(row -> new Counter(number(row, 0), number(row, 1)))
                .all();
    }

    private static List<Unequal> unequal(String kind, List<Counter> counters, Map<Long, Long> ledger) {
        return counters.stream()
                .map(counter -> new Unequal(kind, counter.id, counter.nanos, ledger.getOrDefault(counter.id, 0L)))
                .filter(each -> each.usedNanos != each.ledgerNanos)
                .toList();
    }

    /** Databases disagree on the type of a sum. */
    private static long number(Readable row, int column) {
        return requireNonNull(row.get(column)) instanceof Number number ? number.longValue() : 0;
    }
}
