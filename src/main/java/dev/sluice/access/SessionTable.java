package dev.sluice.access;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The SQL of sessions. Of a session's id only the hash is kept. */
final class SessionTable {
    private SessionTable() {}

    static Mono<Long> insert(DatabaseClient client, String idHash, long userId, long createdAt, long expiresAt) {
        return client.sql("INSERT INTO sessions (id_hash, user_id, created_at, expires_at)"
                        + " VALUES (:idHash, :userId, :createdAt, :expiresAt)")
                .bind("idHash", idHash)
                .bind("userId", userId)
                .bind("createdAt", createdAt)
                .bind("expiresAt", expiresAt)
                .fetch()
                .rowsUpdated();
    }

    static Flux<Long> user(DatabaseClient client, String idHash, long now) {
        return client.sql("SELECT user_id FROM sessions WHERE id_hash = :idHash AND expires_at > :now")
                .bind("idHash", idHash)
                .bind("now", now)
                .map(row -> requireNonNull(row.get(0, Long.class)))
                .all();
    }

    static Mono<Long> delete(DatabaseClient client, String idHash) {
        return client.sql("DELETE FROM sessions WHERE id_hash = :idHash")
                .bind("idHash", idHash)
                .fetch()
                .rowsUpdated();
    }

    /** @param but the hash of the one that stays; null: none */
    static Mono<Long> deleteOf(DatabaseClient client, long userId, @Nullable String but) {
        return client.sql("DELETE FROM sessions WHERE user_id = :userId AND id_hash <> :but")
                .bind("userId", userId)
                .bind("but", but == null ? "" : but)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Long> deleteExpired(DatabaseClient client, long now) {
        return client.sql("DELETE FROM sessions WHERE expires_at <= :now")
                .bind("now", now)
                .fetch()
                .rowsUpdated();
    }
}
