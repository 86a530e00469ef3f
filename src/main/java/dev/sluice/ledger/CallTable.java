package dev.sluice.ledger;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Database;
import dev.sluice.database.Where;
import dev.sluice.wire.Usage;
import io.r2dbc.spi.Readable;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Reads the account book: its rows by key, and the daily sums that usage is told from. */
@Component
public final class CallTable {
    private static final String SELECT =
            "SELECT id, started_at, endpoint, model, upstream_model, stream, user_id, token_id,"
                    + " channel_id, status, error_code, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens,"
                    + " reasoning_tokens, estimated, cost_nanos, price, duration_ms, ttft_ms, attempts, failed_attempts, client_ip FROM calls";

    /** Rows of an export are read so many at a time: it never holds more, however long it is. */
    private static final int EXPORT_PAGE = 500;

    private final Database database;

    CallTable(Database database) {
        this.database = database;
    }

    /**
     * Newest first.
     *
     * @param key the column of whose one value they are, where there is an index of it; null: of all. Named in the order, it
     *     lets every database walk that index backwards; H2 sorted all rows of a channel for each page without
     */
    public Flux<Entry> list(Where where, @Nullable String key, int limit) {
        return database.read(client -> where.query(client, SELECT, newest(key) + " LIMIT " + limit)
                .map(CallTable::entry)
                .all());
    }

    /**
     * Where a search that no index serves rests, so that none takes long: the last of so many rows, newest first; nothing
     * when there are fewer.
     */
    public Mono<String> rest(Where where, @Nullable String key, int rows) {
        return database.read(client -> where.query(
                                client, "SELECT id FROM calls", newest(key) + " LIMIT 1 OFFSET " + (rows - 1))
                        .map(row -> text(row, "id"))
                        .all())
                .next();
    }

    private static String newest(@Nullable String key) {
        return key == null ? "ORDER BY id DESC" : "ORDER BY " + key + " DESC, id DESC";
    }

    public Mono<Entry> find(String id) {
        return list(new Where().equal("id", id), null, 1).next();
    }

    /** All rows, newest first, page by page: the next is read when the one before is taken. */
    public Flux<List<Entry>> export(java.util.function.Supplier<Where> where, @Nullable String key) {
        return page(where, key, null)
                .expand(page -> page.size() < EXPORT_PAGE
                        ? Mono.empty()
                        : page(where, key, page.getLast().id()))
                .filter(page -> !page.isEmpty());
    }

    private Mono<List<Entry>> page(
            java.util.function.Supplier<Where> where, @Nullable String key, @Nullable String after) {
        return list(where.get().below("id", after), key, EXPORT_PAGE).collectList();
    }

    /**
     * Sums of a number of days, by any of {@code day, model, token_id, user_id, channel_id}.
     *
     * @param groups the values that were grouped by, in the order asked for
     */
    public record Sums(
            Map<String, Object> groups,
            long calls,
            long errors,
            long prompt,
            long cached,
            long completion,
            long costNanos) {}

    public Flux<Sums> usage(Where where, List<String> groupBy) {
        String columns =
                String.join(", ", groupBy.stream().map(CallTable::column).toList());
        String select = "SELECT " + columns + (columns.isEmpty() ? "" : ", ")
                + "SUM(calls) AS c, SUM(errors) AS e, SUM(prompt_tokens) AS p, SUM(cached_tokens) AS k,"
                + " SUM(completion_tokens) AS o, SUM(cost_nanos) AS n FROM daily_usage";
        String rest = columns.isEmpty() ? "" : "GROUP BY " + columns + " ORDER BY " + columns;
        return database.read(client ->
                where.query(client, select, rest).map(row -> sums(row, groupBy)).all());
    }

    /**
     * What an account spent on days of UTC, in nano-dollars.
     *
     * @param column {@code token_id} or {@code user_id}
     * @param from null: from the beginning
     * @param to the first day that does not count; null: to this day
     */
    public Mono<Long> spent(String column, long id, @Nullable LocalDate from, @Nullable LocalDate to) {
        Where where = new Where()
                .equal(column, id)
                .atLeast("usage_day", from == null ? null : (int) from.toEpochDay())
                .below("usage_day", to == null ? null : (int) to.toEpochDay());
        return usage(where, List.of()).map(Sums::costNanos).next();
    }

    private static String column(String group) {
        return group.equals("day") ? "usage_day" : group;
    }

    private static Sums sums(Readable row, List<String> groupBy) {
        Map<String, Object> groups = new LinkedHashMap<>();
        for (String group : groupBy) {
            groups.put(group, requireNonNull(row.get(column(group))));
        }
        return new Sums(
                groups, sum(row, "c"), sum(row, "e"), sum(row, "p"), sum(row, "k"), sum(row, "o"), sum(row, "n"));
    }

    /** Databases disagree on the type of a sum; of no rows at all it is null. */
    private static long sum(Readable row, String name) {
        return row.get(name) instanceof Number number ? number.longValue() : 0;
    }

    private static Entry entry(Readable row) {
        return new Entry(
                text(row, "id"),
                number(row, "started_at"),
                text(row, "endpoint"),
                text(row, "model"),
                row.get("upstream_model", String.class),
                flag(row, "stream"),
                number(row, "user_id"),
                number(row, "token_id"),
                row.get("channel_id", Long.class),
                requireNonNull(row.get("status", Integer.class)),
                row.get("error_code", String.class),
                new Usage(
                        number(row, "prompt_tokens"),
                        number(row, "cached_tokens"),
                        number(row, "cache_write_tokens"),
                        number(row, "completion_tokens"),
                        number(row, "reasoning_tokens"),
                        flag(row, "estimated")),
                number(row, "cost_nanos"),
                row.get("price", String.class),
                number(row, "duration_ms"),
                row.get("ttft_ms", Long.class),
                requireNonNull(row.get("attempts", Integer.class)),
                row.get("failed_attempts", String.class),
                text(row, "client_ip"),
                0,
                false,
                false);
    }

    private static String text(Readable row, String name) {
        return requireNonNull(row.get(name, String.class));
    }

    private static long number(Readable row, String name) {
        return requireNonNull(row.get(name, Long.class));
    }

    private static boolean flag(Readable row, String name) {
        return requireNonNull(row.get(name, Boolean.class));
    }
}
