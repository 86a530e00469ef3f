package dev.sluice.database;

import static java.util.Objects.requireNonNull;

import dev.sluice.redis.Redis;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Keeps the rooms' snapshots true: a write moves a revision in its own transaction and reloads the snapshot before it
 * answers; the other nodes see the revision move at their next look, a second later at most, or at once where a Redis
 * carries the word.
 */
public final class Changes implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(Changes.class);
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final Database database;
    private final Redis redis;
    private final Map<String, Followed> followed = new ConcurrentHashMap<>();
    private volatile boolean reachable = true;
    private volatile Disposable looking = () -> {};
    private volatile boolean running;

    Changes(Database database, Redis redis) {
        this.database = database;
        this.redis = redis;
    }

    /** A snapshot: how it is loaded, and the revision it was loaded at. */
    private static final class Followed {
        final Supplier<Mono<Void>> reload;
        volatile long revision = -1;

        Followed(Supplier<Mono<Void>> reload) {
            this.reload = reload;
        }
    }

    /**
     * Loads the named snapshot now, and again after each change. Called while the program starts, on its main thread,
     * and only there may it wait.
     */
    public void follow(String name, Supplier<Mono<Void>> reload) {
        Followed snapshot = new Followed(reload);
        followed.put(name, snapshot);
        revision(name).flatMap(revision -> load(snapshot, revision)).block(Duration.ofSeconds(30));
    }

    /** A change of what the named snapshot shows. When it completes, this node's next call sees it. */
    public <T> Mono<T> write(String name, Function<DatabaseClient, Mono<T>> work) {
        return database.inTransaction(client -> moveRevision(client, name).then(work.apply(client)))
                .doOnNext(result -> redis.tellChange(name))
                .flatMap(result -> reload(name).thenReturn(result));
    }

    /** Whether the last look at the database succeeded. */
    public boolean databaseReachable() {
        return reachable;
    }

    private static Mono<Long> moveRevision(DatabaseClient client, String name) {
        return client.sql("UPDATE revisions SET revision = revision + 1 WHERE name = :name")
                .bind("name", name)
                .fetch()
                .rowsUpdated();
    }

    private Mono<Void> reload(String name) {
        Followed snapshot = followed.get(name);
        return snapshot == null ? Mono.empty() : revision(name).flatMap(revision -> load(snapshot, revision));
    }

    /** The revision is read before the rows: a change between the two only means one load more. */
    private static Mono<Void> load(Followed snapshot, long revision) {
        return snapshot.reload.get().doOnSuccess(done -> snapshot.revision = Math.max(snapshot.revision, revision));
    }

    private Mono<Long> revision(String name) {
        return database.read(client -> client.sql("SELECT revision FROM revisions WHERE name = :name")
                        .bind("name", name)
                        .map(row -> requireNonNull(row.get(0, Long.class)))
                        .all())
                .next();
    }

    private Mono<Void> look() {
        return database.read(client -> client.sql("SELECT name, revision FROM revisions")
                        .map(row -> Map.entry(
                                requireNonNull(row.get(0, String.class)), requireNonNull(row.get(1, Long.class))))
                        .all())
                .collectList()
                .doOnNext(rows -> seen())
                .flatMapIterable(rows -> rows)
                .concatMap(row -> {
                    Followed snapshot = followed.get(row.getKey());
                    if (snapshot == null || row.getValue() <= snapshot.revision) {
                        return Mono.<Void>empty();
                    }
                    return load(snapshot, row.getValue());
                })
                .then()
                .onErrorResume(this::notSeen);
    }

    private void seen() {
        if (!reachable) {
            log.warn("The database answers again.");
        }
        reachable = true;
    }

    private Mono<Void> notSeen(Throwable error) {
        if (reachable) {
            log.warn("The database does not answer; known tokens go on, changes wait: {}", error.toString());
        }
        reachable = false;
        return Mono.empty();
    }

    @Override
    public void start() {
        running = true;
        Flux<?> ticks = Flux.interval(LOOK).onBackpressureDrop();
        Flux<?> words = redis.changes().publishOn(Schedulers.parallel());
        // However many words come while it looks, one look after it sees what they told.
        looking = Flux.merge(ticks, words)
                .onBackpressureLatest()
                .concatMap(tick -> look(), 1)
                .subscribe();
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
