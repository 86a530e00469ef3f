package dev.sluice.quota;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Database;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * This node's word to the others that it is alive, and its eye on them: whoever is not heard of for long has its leases
 * ended, so that no quota stays with a machine that is gone.
 *
 * <p>No clock is compared with another. A node that could not say its word for {@code valid} uses none of its leases any
 * more; another ends them only after it has itself seen, without a gap, no word of it for a third longer. Whoever comes
 * back after that finds its row gone, and begins anew with nothing. Not thread-safe: one word at a time.
 */
final class Presence {
    private static final Logger log = LoggerFactory.getLogger(Presence.class);

    private final Database database;
    private final String node;
    private final Duration valid;
    private final Duration expiry;
    private final Map<String, Seen> others = new HashMap<>();
    private long word;
    private long contactSince; // nanoTime of the first of the words that went through without a gap
    private boolean contact;
    private boolean known;
    private volatile long validUntil = System.nanoTime() - 1;

    Presence(Database database, String node, Duration valid) {
        this.database = database;
        this.node = node;
        this.valid = valid;
        this.expiry = valid.plus(valid.dividedBy(3));
    }

    /** What another node said last, and when this one first read it. */
    private record Seen(long word, long since) {}

    private record Said(String node, long word) {}

    /** Whether what is leased may be used. */
    boolean valid() {
        return validUntil - System.nanoTime() > 0;
    }

    /** Says the word, and looks at the others. True: this node was given up meanwhile, and has no lease any more. */
    Mono<Boolean> say(long now) {
        long begun = System.nanoTime();
        word = Math.max(word + 1, now);
        return database.inTransaction(client -> said(client, word))
                .doOnError(error -> contact = false)
                .map(first -> told(first, begun))
                .flatMap(lost -> look().thenReturn(lost));
    }

    /** Whether this node's row had to be made. */
    private Mono<Boolean> said(DatabaseClient client, long now) {
        Mono<Boolean> inserted = client.sql("INSERT INTO nodes (id, seen_at) VALUES (:node, :now)")
                .bind("node", node)
                .bind("now", now)
                .fetch()
                .rowsUpdated()
                .thenReturn(true);
        return client.sql("UPDATE nodes SET seen_at = :now WHERE id = :node")
                .bind("now", now)
                .bind("node", node)
                .fetch()
                .rowsUpdated()
                .flatMap(rows -> rows > 0 ? Mono.just(false) : inserted);
    }

    private boolean told(boolean first, long begun) {
        boolean lost = first && known;
        known = true;
        if (!contact) {
            contact = true;
            contactSince = begun;
        }
        validUntil = begun + valid.toNanos();
        if (lost) {
            log.warn("This node was not heard of for so long that its leases were ended; it begins anew");
        }
        return lost;
    }

    private Mono<Void> look() {
        return database.read(client -> client.sql("SELECT id, seen_at FROM nodes")
                        .map(row -> new Said(
                                requireNonNull(row.get(0, String.class)), requireNonNull(row.get(1, Long.class))))
                        .all())
                .collectList()
                .flatMap(this::look);
    }

    private Mono<Void> look(List<Said> all) {
        long now = System.nanoTime();
        others.keySet().removeIf(each -> all.stream().noneMatch(said -> said.node.equals(each)));
        return Flux.fromIterable(all)
                .filter(said -> !said.node.equals(node) && silent(said, now))
                .concatMap(this::end)
                .then();
    }

    private boolean silent(Said said, long now) {
        Seen before = others.get(said.node);
        if (before == null || before.word != said.word || before.since - contactSince < 0) {
            others.put(said.node, new Seen(said.word, now));
            return false;
        }
        return now - before.since > expiry.toNanos();
    }

    /** Its word of old goes first: had it said another meanwhile, nothing is ended. */
    private Mono<Void> end(Said silent) {
        return database.inTransaction(client -> client.sql("DELETE FROM nodes WHERE id = :node AND seen_at = :word")
                        .bind("node", silent.node)
                        .bind("word", silent.word)
                        .fetch()
                        .rowsUpdated()
                        .filter(rows -> rows > 0)
                        .flatMap(rows -> LeaseTable.end(client, silent.node).thenReturn(true)))
                .doOnNext(ended -> log.warn("The node {} is not heard of any more: its leases are ended", silent.node))
                .then();
    }

    /** It ends in order: what it had leased is given back already. */
    Mono<Void> leave() {
        return database.inTransaction(client -> client.sql("DELETE FROM nodes WHERE id = :node")
                        .bind("node", node)
                        .fetch()
                        .rowsUpdated())
                .then();
    }

    @Override
    public @Nullable String toString() {
        return node;
    }
}
