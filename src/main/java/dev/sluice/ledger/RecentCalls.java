package dev.sluice.ledger;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.database.Database;
import dev.sluice.database.Where;
import dev.sluice.wire.CallId;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The latest calls by the hour, with their times to first token. It reads the ledger's rows, since the daily sums know
 * neither hours nor times: one pass over the rows asked for, so ask for few hours. Hours that have ended are remembered.
 */
@Component
public final class RecentCalls {
    public static final long HOUR = 3_600_000;

    /** Times are counted in classes, the end of each a fifth above that of the one before: up to ten minutes in so many. */
    private static final int CLASSES = 74;

    /**
     * The class by a logarithm: told by comparisons it took three quarters of the whole query's time. One is added since
     * there is no logarithm of nought.
     */
    private static final String TTFT_CLASS = "COALESCE(FLOOR(LN(ttft_ms + 1.0) / " + Math.log(1.2) + "), -1)";

    private static final String SELECT = "SELECT h, b, COUNT(*) AS c, COUNT(error_code) AS e, SUM(prompt_tokens) AS p,"
            + " SUM(completion_tokens) AS o, SUM(cost_nanos) AS n FROM (SELECT FLOOR(started_at / 3600000) AS h, "
            + TTFT_CLASS + " AS b, error_code, prompt_tokens, completion_tokens, cost_nanos FROM calls";

    /**
     * A row is of the hour in which its call began, and is written when it ends, or later when the database was away: an
     * hour is remembered when another has ended after it. What this node writes later is heard of at once, what another
     * one does after this while.
     */
    private static final Duration REMEMBERED = Duration.ofMinutes(15);

    /** Half a kilobyte each: a day of everybody's calls, and of those of many who look at their own. */
    private static final int MOST_REMEMBERED = 20_000;

    private final Database database;
    private final AsyncCache<Hour, Sums> ended = Caffeine.newBuilder()
            .expireAfterWrite(REMEMBERED)
            .maximumSize(MOST_REMEMBERED)
            .buildAsync();

    RecentCalls(Database database) {
        this.database = database;
    }

    /** One hour of one user, or of everybody. */
    private record Hour(long hour, @Nullable Long userId) {}

    /** Sums over some calls. */
    public static final class Sums {
        private long calls;
        private long errors;
        private long promptTokens;
        private long completionTokens;
        private long costNanos;
        private final long[] times = new long[CLASSES];

        void add(Readable row) {
            int time = (int) number(row, "b");
            long count = number(row, "c");
            calls += count;
            errors += number(row, "e");
            promptTokens += number(row, "p");
            completionTokens += number(row, "o");
            costNanos += number(row, "n");
            if (time >= 0) {
                times[Math.min(time, CLASSES - 1)] += count;
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
                    return Math.round(Math.pow(1.2, i + 1) - 1);
                }
            }
            return null;
        }
    }

    /**
     * Sums by the hour, numbered since 1970, up to the present one; hours without calls are not there. Those that are not
     * known yet are read one after the other: a day of a very large ledger in one query would hold the database up.
     */
    public Mono<Map<Long, Sums>> byHour(long fromHour, long presentHour, @Nullable Long userId) {
        long lasting = presentHour - 1; // rows of the hour before the present one still come
        return Flux.fromStream(() -> LongStream.range(fromHour, lasting).boxed())
                .concatMap(hour -> Mono.fromFuture(() -> remembered(new Hour(hour, userId)), true)
                        .filter(sums -> sums.calls() > 0)
                        .map(sums -> Map.entry(hour, sums)))
                .concatWith(read(lasting, presentHour + 1, userId).flatMapIterable(Map::entrySet))
                .collect(TreeMap::new, (all, hour) -> all.put(hour.getKey(), hour.getValue()));
    }

    private CompletableFuture<Sums> remembered(Hour hour) {
        return ended.get(
                hour,
                (unknown, executor) -> read(hour.hour, hour.hour + 1, hour.userId)
                        .map(hours -> hours.getOrDefault(hour.hour, new Sums()))
                        .toFuture());
    }

    /** Up to the end, which is not included. */
    private Mono<Map<Long, Sums>> read(long fromHour, long end, @Nullable Long userId) {
        Where where = new Where()
                .atLeast("id", CallId.floor(fromHour * HOUR))
                .below("id", CallId.floor(end * HOUR))
                .equal("user_id", userId);
        return database.read(client -> where.query(client, SELECT, ") AS x GROUP BY h, b")
                        .map(row -> Map.entry(number(row, "h"), one(row)))
                        .all())
                .collect(
                        TreeMap::new,
                        (all, hour) -> all.computeIfAbsent(hour.getKey(), h -> new Sums())
                                .add(hour.getValue()));
    }

    /** Rows of hours that were thought to have ended, as after an outage: they are counted anew. */
    void booked(List<Entry> entries) {
        long lasting = System.currentTimeMillis() / HOUR - 1;
        for (Entry entry : entries) {
            long hour = entry.startedAt() / HOUR;
            if (hour < lasting) {
                ended.synchronous().invalidate(new Hour(hour, null));
                ended.synchronous().invalidate(new Hour(hour, entry.userId()));
            }
        }
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
}
