package dev.sluice.access;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Columns;
import dev.sluice.database.Where;
import io.r2dbc.spi.Readable;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The SQL of access tokens. */
final class AccessTokenTable {
    private static final String SELECT =
            "SELECT id, name, token_hint, user_id, scope, expires_at, last_used_at, created_at FROM access_tokens";

    private AccessTokenTable() {}

    static Flux<AccessToken> list(DatabaseClient client, Where where, int limit) {
        return where.query(client, SELECT, "ORDER BY id DESC LIMIT " + limit)
                .map(AccessTokenTable::accessToken)
                .all();
    }

    static Mono<Long> insert(DatabaseClient client, AccessToken token, String hash) {
        return client.sql(
                        "INSERT INTO access_tokens (name, token_hash, token_hint, user_id, scope, expires_at, created_at)"
                                + " VALUES (:name, :hash, :hint, :userId, :scope, :expiresAt, :createdAt)")
                .bind("name", token.name())
                .bind("hash", hash)
                .bind("hint", token.hint())
                .bind("userId", token.userId())
                .bind("scope", token.mayWrite() ? "write" : "read")
                .bind("expiresAt", Columns.nullable(token.expiresAt(), Long.class))
                .bind("createdAt", token.createdAt())
                .filter(statement -> statement.returnGeneratedValues("id"))
                .map(row -> requireNonNull(row.get("id", Long.class)))
                .one();
    }

    static Mono<Long> used(DatabaseClient client, long id, long now) {
        return client.sql("UPDATE access_tokens SET last_used_at = :now WHERE id = :id")
                .bind("id", id)
                .bind("now", now)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Long> delete(DatabaseClient client, long id) {
        return client.sql("DELETE FROM access_tokens WHERE id = :id")
                .bind("id", id)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Long> deleteOf(DatabaseClient client, long userId) {
        return client.sql("DELETE FROM access_tokens WHERE user_id = :userId")
                .bind("userId", userId)
                .fetch()
                .rowsUpdated();
    }

    private static AccessToken accessToken(Readable row) {
        return new AccessToken(
                requireNonNull(row.get("id", Long.class)),
                requireNonNull(row.get("name", String.class)),
                requireNonNull(row.get("token_hint", String.class)),
                requireNonNull(row.get("user_id", Long.class)),
                requireNonNull(row.get("scope", String.class)).equals("write"),
                row.get("expires_at", Long.class),
                row.get("last_used_at", Long.class),
                requireNonNull(row.get("created_at", Long.class)));
    }
}
