package dev.sluice.notice;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Database;
import dev.sluice.settings.Settings;
import dev.sluice.wire.Money;
import io.r2dbc.spi.Readable;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Warns, once for each crossing, of tokens and users whose remainder has fallen to a part of their quota. It looks at the
 * counters every few seconds, so booking has no part in it; who of several nodes warns is settled by a conditional
 * update. What is credited or begins anew may be warned of again.
 */
@Component
final class LowBalance implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(LowBalance.class);

    /** A look reads each account with a quota: some ten milliseconds for ten thousand. */
    private static final Duration LOOK = Duration.ofSeconds(10);

    private static final String SPENT = "(CASE WHEN quota_period <> 'none' AND period_ends_at <= :now"
            + " THEN period_next_nanos ELSE used_nanos - period_base_nanos END)";

    /** An account whose quota is 0 has nothing to run low. */
    private static final String LOW = "quota_nanos > 0 AND quota_nanos - " + SPENT + " <= quota_nanos / 100 * :percent";

    private static final String NOT_LOW =
            "(quota_nanos IS NULL OR quota_nanos = 0 OR quota_nanos - " + SPENT + " > quota_nanos / 100 * :percent)";

    private final Database database;
    private final Settings settings;
    private final Notices notices;
    private final Clock clock;
    private volatile Disposable looking = () -> {};
    private volatile boolean running;

    LowBalance(Database database, Settings settings, Notices notices, Clock clock) {
        this.database = database;
        this.settings = settings;
        this.notices = notices;
        this.clock = clock;
    }

    /** An account on one side of the threshold that is marked as on the other. Amounts are nano-dollars. */
    private record Crossed(String kind, long id, String name, long userId, long quota, long spent, boolean low) {}

    /** Looks once, and tells of what has crossed since the last look. */
    Mono<Void> look() {
        int percent = settings.now().lowBalancePercent();
        if (percent == 0) {
            return Mono.empty();
        }
        return crossed("token", "tokens", "name", "user_id", percent)
                .concatWith(crossed("user", "users", "username", "id", percent))
                .concatMap(this::mark)
                .doOnNext(this::tell)
                .then();
    }

    private Flux<Crossed> crossed(String kind, String table, String name, String owner, int percent) {
        return database.read(client -> client.sql("SELECT id, " + name + ", " + owner + ", quota_nanos, " + SPENT
                                + " AS spent, low_noticed FROM " + table + " WHERE low_noticed = FALSE AND " + LOW
                                + " OR low_noticed = TRUE AND " + NOT_LOW)
                        .bind("percent", (long) percent)
                        .bind("now", clock.millis())
                        .map(row -> crossed(kind, row))
                        .all())
                .collectList()
                .flatMapIterable(all -> all);
    }

    private static Crossed crossed(String kind, Readable row) {
        Long quota = row.get("quota_nanos", Long.class);
        return new Crossed(
                kind,
                requireNonNull(row.get(0, Long.class)),
                requireNonNull(row.get(1, String.class)),
                requireNonNull(row.get(2, Long.class)),
                quota == null ? 0 : quota,
                row.get("spent") instanceof Number spent ? spent.longValue() : 0,
                !requireNonNull(row.get("low_noticed", Boolean.class)));
    }

    /** The account when it was this node that marked it, and it is low; by its id alone, so that no other row is locked. */
    private Mono<Crossed> mark(Crossed account) {
        return database.inTransaction(client -> client.sql("UPDATE " + account.kind + "s SET low_noticed = :low"
                                + " WHERE id = :id AND low_noticed = :before")
                        .bind("low", account.low)
                        .bind("before", !account.low)
                        .bind("id", account.id)
                        .fetch()
                        .rowsUpdated())
                .filter(rows -> rows > 0 && account.low)
                .map(rows -> account);
    }

    private void tell(Crossed account) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("kind", account.kind);
        data.put("id", account.id);
        data.put("name", account.name);
        data.put("user_id", account.userId);
        data.put("quota_usd", Money.usd(account.quota));
        data.put("spent_usd", Money.usd(account.spent));
        data.put("remaining_usd", Money.usd(account.quota - account.spent));
        notices.tell(
                "balance.low",
                "The " + account.kind + " " + account.id + " ('" + account.name + "') has "
                        + Money.usd(account.quota - account.spent).toPlainString() + " of "
                        + Money.usd(account.quota).toPlainString() + " dollars left",
                data);
    }

    @Override
    public void start() {
        running = true;
        looking = Flux.interval(LOOK)
                .onBackpressureDrop()
                .concatMap(tick -> look().onErrorResume(LowBalance::notNow), 1)
                .subscribe();
    }

    private static Mono<Void> notNow(Throwable error) {
        log.debug(
                "The balances could not be looked at: {}",
                error.toString()); // that the database is away is said elsewhere
        return Mono.empty();
    }

    @Override
    public void stop() {
        running = false;
        looking.dispose();
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
