package dev.sluice.ledger;

import dev.sluice.database.Database;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.R2dbcType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The SQL that books a batch of calls: their rows, the counters of tokens and users, the leases they were spent from,
 * and the daily sums. A call that is there already is left out of all of it, so a batch can be booked again.
 */
final class BookingTable {
    private static final List<String> COLUMNS = List.of(
            "id",
            "started_at",
            "endpoint",
            "model",
            "upstream_model",
            "stream",
            "user_id",
            "token_id",
            "channel_id",
            "status",
            "error_code",
            "prompt_tokens",
            "cached_tokens",
            "cache_write_tokens",
            "completion_tokens",
            "reasoning_tokens",
            "estimated",
            "cost_nanos",
            "price",
            "duration_ms",
            "ttft_ms",
            "attempts",
            "failed_attempts",
            "client_ip");

    /** Rows of one INSERT: few different statements, so that the drivers' and the database's caches know them. */
    private static final int[] ROWS = {64, 16, 4, 1};

    /**
     * A call belongs to the period of a renewing quota in which it began. One that is booked later is added to what the
     * period began with; one of a period that nobody has begun yet is counted apart, for who will begin it.
     */
    private static final String PERIODS = ", period_base_nanos = CASE WHEN period_starts_at > :began"
            + " THEN period_base_nanos + :cost ELSE period_base_nanos END, period_next_nanos = CASE WHEN period_ends_at"
            + " <= :began THEN period_next_nanos + :cost ELSE period_next_nanos END";

    /** Midnight is on a quarter of an hour of UTC in every time zone: calls of the same quarter share their period. */
    private static final long QUARTER = Duration.ofMinutes(15).toMillis();

    private static final long DAY = Duration.ofDays(1).toMillis();

    private final Database database;
    private final String node;
    private final Map<Integer, String> inserts = new HashMap<>();

    BookingTable(Database database, String node) {
        this.database = database;
        this.node = node;
        for (int rows : ROWS) {
            inserts.put(rows, insert(rows));
        }
    }

    /** Books what may be there already, in part or whole. */
    Mono<Integer> bookMissing(DatabaseClient client, List<Entry> entries) {
        return known(client, entries).flatMap(known -> {
            List<Entry> fresh = entries.stream()
                    .filter(entry -> !known.contains(entry.id()))
                    .toList();
            return fresh.isEmpty() ? Mono.just(0) : book(client, fresh);
        });
    }

    private static Mono<Set<String>> known(DatabaseClient client, List<Entry> entries) {
        return client.sql("SELECT id FROM calls WHERE id IN (:ids)")
                .bind("ids", entries.stream().map(Entry::id).toList())
                .map(row -> String.valueOf(row.get(0, String.class)))
                .all()
                .collect(Collectors.toSet());
    }

    /** Books what is not there yet; fails as a whole where something is. */
    Mono<Integer> book(DatabaseClient client, List<Entry> entries) {
        List<Mono<?>> steps = new ArrayList<>();
        int at = 0;
        for (int rows : ROWS) {
            while (entries.size() - at >= rows) {
                steps.add(insert(client, entries.subList(at, at + rows)));
                at += rows;
            }
        }
        // In the order of their keys, so that two nodes never wait for each other's rows.
        accounts(entries, "token").forEach((id, sum) -> steps.add(count(client, "tokens", "token", id, sum)));
        accounts(entries, "user").forEach((id, sum) -> steps.add(count(client, "users", "user", id, sum)));
        days(entries).forEach((day, sum) -> steps.add(add(client, day, sum)));
        return Flux.fromIterable(steps).concatMap(step -> step).then(Mono.just(entries.size()));
    }

    private String insert(int rows) {
        StringBuilder sql = new StringBuilder("INSERT INTO calls (")
                .append(String.join(", ", COLUMNS))
                .append(") VALUES ");
        for (int row = 0; row < rows; row++) {
            int first = row * COLUMNS.size();
            sql.append(row == 0 ? "(" : ", (")
                    .append(IntStream.range(0, COLUMNS.size())
                            .mapToObj(column -> database.marker(first + column))
                            .collect(Collectors.joining(", ")))
                    .append(")");
        }
        return sql.toString();
    }

    private Mono<Void> insert(DatabaseClient client, List<Entry> entries) {
        String sql = String.valueOf(inserts.get(entries.size()));
        return client.inConnection(connection -> {
            var statement = connection.createStatement(sql);
            int at = 0;
            for (Entry entry : entries) {
                for (Object value : values(entry)) {
                    statement.bind(at++, value);
                }
            }
            return Flux.from(statement.execute())
                    .concatMap(result -> result.getRowsUpdated())
                    .then();
        });
    }

    private static Object[] values(Entry entry) {
        return new Object[] {
            entry.id(),
            entry.startedAt(),
            entry.endpoint(),
            entry.model(),
            orNull(entry.upstreamModel()),
            entry.stream(),
            entry.userId(),
            entry.tokenId(),
            entry.channelId() == null ? Parameters.in(R2dbcType.BIGINT) : entry.channelId(),
            entry.status(),
            orNull(entry.errorCode()),
            entry.usage().prompt(),
            entry.usage().cached(),
            entry.usage().cacheWrite(),
            entry.usage().completion(),
            entry.usage().reasoning(),
            entry.usage().estimated(),
            entry.costNanos(),
            orNull(entry.price()),
            entry.durationMs(),
            entry.ttftMs() == null ? Parameters.in(R2dbcType.BIGINT) : entry.ttftMs(),
            entry.attempts(),
            orNull(entry.failedAttempts()),
            entry.clientIp()
        };
    }

    private static Object orNull(@Nullable String text) {
        return text == null ? Parameters.in(R2dbcType.VARCHAR) : text;
    }

    /** What a batch adds to an account. */
    private static final class Sum {
        long calls;
        long errors;
        long prompt;
        long cached;
        long completion;
        long cost;
        final Map<Long, Long> costs = new TreeMap<>(); // by the quarter of an hour in which the calls began
        final Map<Long, Long> leased = new TreeMap<>(); // by the epoch of the lease
        long lastUsed;

        void add(Entry entry, boolean fromLease) {
            calls++;
            errors += entry.failed() ? 1 : 0;
            prompt += entry.usage().prompt();
            cached += entry.usage().cached();
            completion += entry.usage().completion();
            cost += entry.costNanos();
            costs.merge(entry.startedAt() / QUARTER * QUARTER, entry.costNanos(), Long::sum);
            if (fromLease && entry.costNanos() != 0) {
                leased.merge(entry.leaseEpoch(), entry.costNanos(), Long::sum);
            }
            lastUsed = Math.max(lastUsed, entry.startedAt());
        }
    }

    private static Map<Long, Sum> accounts(List<Entry> entries, String kind) {
        boolean token = kind.equals("token");
        Map<Long, Sum> sums = new TreeMap<>();
        for (Entry entry : entries) {
            sums.computeIfAbsent(token ? entry.tokenId() : entry.userId(), id -> new Sum())
                    .add(entry, token ? entry.leasedFromToken() : entry.leasedFromUser());
        }
        return sums;
    }

    /** One statement after the other, and not one in the other: the embedded database answers on the caller's stack. */
    private Mono<Void> count(DatabaseClient client, String table, String kind, long id, Sum sum) {
        List<Mono<Void>> steps = new ArrayList<>();
        sum.costs.forEach((began, cost) -> steps.add(count(client, table, id, sum.lastUsed, began, cost)));
        sum.leased.forEach((epoch, nanos) -> steps.add(shorten(client, table, kind, id, epoch, nanos)));
        return Flux.fromIterable(steps).concatMap(step -> step).then();
    }

    private static Mono<Void> count(
            DatabaseClient client, String table, long id, long lastUsed, long began, long cost) {
        boolean token = table.equals("tokens");
        String used = token ? ", last_used_at = :at" : "";
        var update = client.sql(
                        "UPDATE " + table + " SET used_nanos = used_nanos + :cost" + PERIODS + used + " WHERE id = :id")
                .bind("cost", cost)
                .bind("began", began)
                .bind("id", id);
        return (token ? update.bind("at", lastUsed) : update)
                .fetch()
                .rowsUpdated()
                .then();
    }

    /** A lease that has ended meanwhile took what is spent here back to the account already, and is not shortened again. */
    private Mono<Void> shorten(DatabaseClient client, String table, String kind, long id, long epoch, long nanos) {
        return client.sql("UPDATE leases SET amount_nanos = amount_nanos - :nanos"
                        + " WHERE node_id = :node AND kind = :kind AND account_id = :id AND epoch = :epoch")
                .bind("nanos", nanos)
                .bind("node", node)
                .bind("kind", kind)
                .bind("id", id)
                .bind("epoch", epoch)
                .fetch()
                .rowsUpdated()
                .filter(rows -> rows > 0)
                .flatMap(there -> client.sql(
                                "UPDATE " + table + " SET leased_nanos = leased_nanos - :nanos WHERE id = :id")
                        .bind("nanos", nanos)
                        .bind("id", id)
                        .fetch()
                        .rowsUpdated())
                .then();
    }

    /** One row of the daily sums. */
    private record Day(int day, String model, long tokenId, long userId, long channelId) {}

    private static Map<Day, Sum> days(List<Entry> entries) {
        Map<Day, Sum> sums = new LinkedHashMap<>();
        entries.stream()
                .sorted(java.util.Comparator.comparing(Entry::model)
                        .thenComparing(Entry::tokenId)
                        .thenComparing(Entry::startedAt))
                .forEach(entry ->
                        sums.computeIfAbsent(day(entry), each -> new Sum()).add(entry, false));
        return sums;
    }

    private static Day day(Entry entry) {
        return new Day(
                (int) (entry.startedAt() / DAY),
                entry.model(),
                entry.tokenId(),
                entry.userId(),
                entry.channelId() == null ? 0 : entry.channelId());
    }

    private static Mono<Void> add(DatabaseClient client, Day day, Sum sum) {
        Mono<Long> inserted = bound(
                client,
                "INSERT INTO daily_usage (usage_day, model, token_id, user_id, channel_id, calls, errors, prompt_tokens,"
                        + " cached_tokens, completion_tokens, cost_nanos) VALUES (:day, :model, :token, :user, :channel,"
                        + " :calls, :errors, :prompt, :cached, :completion, :cost)",
                day,
                sum);
        return bound(
                        client,
                        "UPDATE daily_usage SET calls = calls + :calls, errors = errors + :errors, prompt_tokens ="
                                + " prompt_tokens + :prompt, cached_tokens = cached_tokens + :cached, completion_tokens ="
                                + " completion_tokens + :completion, cost_nanos = cost_nanos + :cost WHERE usage_day = :day"
                                + " AND model = :model AND token_id = :token AND user_id = :user AND channel_id = :channel",
                        day,
                        sum)
                .flatMap(rows -> rows > 0 ? Mono.just(rows) : inserted)
                .then();
    }

    private static Mono<Long> bound(DatabaseClient client, String sql, Day day, Sum sum) {
        return client.sql(sql)
                .bind("day", day.day)
                .bind("model", day.model)
                .bind("token", day.tokenId)
                .bind("user", day.userId)
                .bind("channel", day.channelId)
                .bind("calls", sum.calls)
                .bind("errors", sum.errors)
                .bind("prompt", sum.prompt)
                .bind("cached", sum.cached)
                .bind("completion", sum.completion)
                .bind("cost", sum.cost)
                .fetch()
                .rowsUpdated();
    }
}
