package dev.sluice.ledger;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.DataDirectory;
import dev.sluice.database.Database;
import dev.sluice.wire.CallId;
import dev.sluice.wire.Usage;
import io.r2dbc.spi.Readable;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * What vendors keep, and what they work on after they have answered: which channel has it, and whose it is. A task that
 * fails after it was paid is paid back once, and a batch whose use is known at last is paid once: the word that it was, and
 * the entry of the books, are one transaction.
 */
@Component
public final class Tasks {
    private final Database database;
    private final BookingTable books;

    Tasks(Database database, DataDirectory directory) {
        this.database = database;
        this.books = new BookingTable(database, directory.node());
    }

    /**
     * A task or an object of a user.
     *
     * @param kind {@code mj}, {@code suno}, {@code batch}, {@code file}, or {@code resp} for a response
     * @param id the vendor's own
     * @param costNanos what its call was charged
     */
    public record Task(
            String kind,
            String id,
            long channelId,
            long userId,
            long tokenId,
            String model,
            long costNanos,
            long createdAt) {}

    /** False: that channel has such a task already, which is paid. */
    public Mono<Boolean> add(Task task) {
        return database.inTransaction(client -> client.sql("INSERT INTO tasks (kind, task_id, channel_id, user_id,"
                                + " token_id, model, cost_nanos, created_at) VALUES (:kind, :id, :channel, :user, :token,"
                                + " :model, :cost, :at)")
                        .bind("kind", task.kind)
                        .bind("id", task.id)
                        .bind("channel", task.channelId)
                        .bind("user", task.userId)
                        .bind("token", task.tokenId)
                        .bind("model", task.model)
                        .bind("cost", task.costNanos)
                        .bind("at", task.createdAt)
                        .fetch()
                        .rowsUpdated()
                        .thenReturn(true))
                .onErrorResume(DataIntegrityViolationException.class, there -> Mono.just(false));
    }

    /** Those of the tasks that are the user's. */
    public Mono<List<Task>> find(String kind, List<String> ids, long userId) {
        return ids.isEmpty()
                ? Mono.just(List.of())
                : database.read(client -> client.sql(
                                        "SELECT task_id, channel_id, token_id, model, cost_nanos, created_at"
                                                + " FROM tasks WHERE kind = :kind AND task_id IN (:ids) AND user_id = :user")
                                .bind("kind", kind)
                                .bind("ids", ids)
                                .bind("user", userId)
                                .map(row -> read(row, kind, userId))
                                .all())
                        .collectList();
    }

    private static Task read(Readable row, String kind, long userId) {
        return new Task(
                kind,
                requireNonNull(row.get(0, String.class)),
                requireNonNull(row.get(1, Long.class)),
                userId,
                requireNonNull(row.get(2, Long.class)),
                requireNonNull(row.get(3, String.class)),
                requireNonNull(row.get(4, Long.class)),
                requireNonNull(row.get(5, Long.class)));
    }

    /** The user's newest, after that one; null: from the first. */
    public Mono<List<Task>> newest(String kind, long userId, @Nullable Task after, int limit) {
        long at = after == null ? Long.MAX_VALUE : after.createdAt;
        String id = after == null ? "" : after.id;
        return database.read(client -> client.sql("SELECT task_id, channel_id, token_id, model, cost_nanos, created_at"
                                + " FROM tasks WHERE kind = :kind AND user_id = :user AND (created_at < :at"
                                + " OR created_at = :at AND task_id < :id)"
                                + " ORDER BY created_at DESC, task_id DESC LIMIT " + limit)
                        .bind("kind", kind)
                        .bind("user", userId)
                        .bind("at", at)
                        .bind("id", id)
                        .map(row -> read(row, kind, userId))
                        .all())
                .collectList();
    }

    /** It is gone. */
    public Mono<Boolean> forget(Task task) {
        return database.inTransaction(
                client -> client.sql("DELETE FROM tasks WHERE kind = :kind AND task_id = :id AND channel_id = :channel")
                        .bind("kind", task.kind)
                        .bind("id", task.id)
                        .bind("channel", task.channelId)
                        .fetch()
                        .rowsUpdated()
                        .map(rows -> rows == 1));
    }

    /** What it used is known at last: it is paid, unless it was already. */
    public Mono<Boolean> charge(Task task, String model, Usage usage, long costNanos, long now, String clientIp) {
        return database.inTransaction(client -> claim(client, task, now)
                .flatMap(mine -> mine
                        ? books.book(client, List.of(entry(task, "batches", model, usage, costNanos, now, clientIp)))
                                .thenReturn(true)
                        : Mono.just(false)));
    }

    /** It failed: its price goes back, unless it did already. */
    public Mono<Boolean> refund(Task task, long now, String clientIp) {
        return task.costNanos == 0
                ? Mono.just(false)
                : database.inTransaction(client -> claim(client, task, now)
                        .flatMap(mine -> mine
                                ? books.book(
                                                client,
                                                List.of(entry(
                                                        task,
                                                        task.kind + "/refund",
                                                        task.model,
                                                        Usage.NONE,
                                                        -task.costNanos,
                                                        now,
                                                        clientIp)))
                                        .thenReturn(true)
                                : Mono.just(false)));
    }

    /** The row is locked until the money has moved: of two at once, the second finds it done. */
    private static Mono<Boolean> claim(DatabaseClient client, Task task, long now) {
        return client.sql("UPDATE tasks SET refunded_at = :now WHERE kind = :kind AND task_id = :id"
                        + " AND channel_id = :channel AND refunded_at IS NULL")
                .bind("now", now)
                .bind("kind", task.kind)
                .bind("id", task.id)
                .bind("channel", task.channelId)
                .fetch()
                .rowsUpdated()
                .map(rows -> rows == 1);
    }

    private static Entry entry(
            Task task, String endpoint, String model, Usage usage, long costNanos, long now, String clientIp) {
        return new Entry(
                CallId.next(now),
                now,
                endpoint,
                model,
                null,
                false,
                task.userId,
                task.tokenId,
                task.channelId,
                200,
                null,
                usage,
                costNanos,
                null,
                0,
                null,
                0,
                null,
                clientIp,
                0,
                false,
                false);
    }
}
