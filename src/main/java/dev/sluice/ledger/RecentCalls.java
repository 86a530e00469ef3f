package dev.sluice.ledger;

import dev.sluice.database.Database;
import dev.sluice.database.Where;
import dev.sluice.wire.CallId;
import io.r2dbc.spi.Readable;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * The latest calls by the hour, with their times to first token. It reads the ledger's rows, since the daily sums know
 * neither hours nor times: one pass over the rows asked for, so ask for few hours.
 */
@Component
public final class RecentCalls {
    public static final long HOUR = 3_600_000;

    /** Upper ends of the classes that times are counted in, milliseconds: 10, and each a fifth more, up to ten minutes. */
    static final long[] ENDS = ends();

    private static final String TTFT_CLASS = "CASE WHEN ttft_ms IS NULL THEN -1 "
            + IntStream.range(0, ENDS.length)
                    .mapToObj(i -> "WHEN ttft_ms < " + ENDS[i] + " THEN " + i)
                    .collect(Collectors.joining(" "))
            + " ELSE " + ENDS.length + " END";

    private static final String SELECT = "SELECT h, b, COUNT(*) AS c, SUM(e) AS e, SUM(prompt_tokens) AS p,"
            + " SUM(completion_tokens) AS o, SUM(cost_nanos) AS n FROM (SELECT FLOOR(started_at / 3600000) AS h, "
            + TTFT_CLASS + " AS b, CASE WHEN error_code IS NULL THEN 0 ELSE 1 END AS e, prompt_tokens,"
            + " completion_tokens, cost_nanos FROM calls";

    private final Database database;

    RecentCalls(Database database) {
        this.database = database;
    }

    /** Sums over some calls. */
    public static final class Sums {
        private long calls;
        private long errors;
        private long promptTokens;
        private long completionTokens;
        private long costNanos;
        private final long[] times = new long[ENDS.length + 1];

        void add(Readable row) {
            int time = (int) number(row, "b");
            long count = number(row, "c");
            calls += count;
            errors += number(row, "e");
            promptTokens += number(row, "p");
            completionTokens += number(row, "o");
            costNanos += number(row, "n");
            if (time >= 0) {
                times[time] += count;
            }
        }

        void add(Sums other) {
            calls += other.calls;
            errors += other.errors;
            promptTokens += other.promptTokens;
            completionTokens += other.completionTokens;
            costNanos += other.costNanos;
            Arrays.setAll(times, i -> times[i] + other.times[i]);
        }

        public long calls() {
            return calls;
        }

        public long errors() {
            return errors;
        }

        public long promptTokens() {
            return promptTokens;
        }

        public long completionTokens() {
            return completionTokens;
        }

        public long costNanos() {
            return costNanos;
        }

        /** Milliseconds that this share of the streams stayed below, right to a fifth; null: there were no streams. */
        public @Nullable Long ttftMs(double share) {
            long wanted = (long) Math.ceil(Arrays.stream(times).sum() * share);
            long seen = 0;
            for (int i = 0; i < times.length && wanted > 0; i++) {
                seen += times[i];
                if (seen >= wanted) {
                    return i < ENDS.length ? ENDS[i] : ENDS[ENDS.length - 1];
                }
            }
            return null;
        }
    }

    /** Sums by the hour, numbered since 1970; hours without calls are not there. */
    public Mono<Map<Long, Sums>> byHour(long fromHour, @Nullable Long userId) {
        Where where = new Where().atLeast("id", CallId.floor(fromHour * HOUR)).equal("user_id", userId);
        return database.read(client -> where.query(client, SELECT, ") AS x GROUP BY h, b")
                        .map(row -> Map.entry(number(row, "h"), one(row)))
                        .all())
                .collect(
                        TreeMap::new,
                        (all, hour) -> all.computeIfAbsent(hour.getKey(), h -> new Sums())
                                .add(hour.getValue()));
    }

    /** All of these together. */
    public static Sums total(Iterable<Sums> some) {
        Sums total = new Sums();
        some.forEach(total::add);
        return total;
    }

    private static Sums one(Readable row) {
        Sums sums = new Sums();
        sums.add(row);
        return sums;
    }

    /** Databases disagree on the types of sums and of FLOOR. */
    private static long number(Readable row, String name) {
        return row.get(name) instanceof Number number ? number.longValue() : 0;
    }

    private static long[] ends() {
        return IntStream.range(0, 62)
                .mapToLong(i -> Math.round(10 * Math.pow(1.2, i)))
                .toArray();
    }
}
