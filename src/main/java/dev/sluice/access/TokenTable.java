package dev.sluice.access;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Columns;
import dev.sluice.database.Where;
import dev.sluice.wire.Glob;
import dev.sluice.wire.Limits;
import io.r2dbc.spi.Readable;
import java.util.List;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.core.type.TypeReference;

/** The SQL of tokens. Counters (used, leased) are the ledger's: nothing here writes them. */
final class TokenTable {
    private static final TypeReference<List<String>> STRINGS = new TypeReference<>() {};
    private static final String SELECT =
            "SELECT id, name, key_hash, key_hint, user_id, enabled, expires_at, quota_nanos,"
                    + " used_nanos, models, allowed_ips, limits, cache_ttl_seconds, last_used_at, created_at, updated_at, "
                    + RenewalTable.COLUMNS + " FROM tokens";

    private TokenTable() {}

    static Flux<Token> all(DatabaseClient client) {
        return client.sql(SELECT).map(TokenTable::token).all();
    }

    static Mono<Token> find(DatabaseClient client, long id) {
        return client.sql(SELECT + " WHERE id = :id")
                .bind("id", id)
                .map(TokenTable::token)
                .one();
    }

    static Flux<Token> list(DatabaseClient client, Where where, int limit) {
        return where.query(client, SELECT, "ORDER BY id DESC LIMIT " + limit)
                .map(TokenTable::token)
                .all();
    }

    static Mono<Long> insert(DatabaseClient client, Token token) {
        return writable(
                        client.sql(
                                        "INSERT INTO tokens (name, key_hash, key_hint, user_id, enabled, expires_at, quota_nanos,"
                                                + " models, allowed_ips, limits, cache_ttl_seconds, created_at, updated_at) VALUES (:name, :keyHash,"
                                                + " :keyHint, :userId, :enabled, :expiresAt, :quotaNanos, :models, :allowedIps,"
                                                + " :limits, :cacheTtl, :createdAt, :updatedAt)")
                                .bind("keyHash", token.keyHash())
                                .bind("keyHint", token.keyHint())
                                .bind("createdAt", token.createdAt()),
                        token)
                .filter(statement -> statement.returnGeneratedValues("id"))
                .map(row -> requireNonNull(row.get("id", Long.class)))
                .one();
    }

    static Mono<Long> update(DatabaseClient client, Token token) {
        return writable(
                        client.sql("UPDATE tokens SET name = :name, user_id = :userId, enabled = :enabled,"
                                        + " expires_at = :expiresAt, quota_nanos = :quotaNanos, models = :models,"
                                        + " allowed_ips = :allowedIps, limits = :limits, cache_ttl_seconds = :cacheTtl, updated_at = :updatedAt"
                                        + " WHERE id = :id")
                                .bind("id", token.id()),
                        token)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Long> delete(DatabaseClient client, long id) {
        return client.sql("DELETE FROM tokens WHERE id = :id")
                .bind("id", id)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Long> deleteOf(DatabaseClient client, long userId) {
        return client.sql("DELETE FROM tokens WHERE user_id = :userId")
                .bind("userId", userId)
                .fetch()
                .rowsUpdated();
    }

    private static DatabaseClient.GenericExecuteSpec writable(
            DatabaseClient.GenericExecuteSpec statement, Token token) {
        return statement
                .bind("name", token.name())
                .bind("userId", token.userId())
                .bind("enabled", token.enabled())
                .bind("expiresAt", Columns.nullable(token.expiresAt(), Long.class))
                .bind("quotaNanos", Columns.nullable(token.quotaNanos(), Long.class))
                .bind(
                        "models",
                        Columns.json(token.models().stream().map(Glob::pattern).toList()))
                .bind(
                        "allowedIps",
                        Columns.json(token.allowedIps().stream().map(Cidr::text).toList()))
                .bind("limits", Columns.json(token.limits()))
                .bind("cacheTtl", Columns.nullable(token.cacheTtlSeconds(), Integer.class))
                .bind("updatedAt", token.updatedAt());
    }

    private static Token token(Readable row) {
        return new Token(
                requireNonNull(row.get("id", Long.class)),
                requireNonNull(row.get("name", String.class)),
                requireNonNull(row.get("key_hash", String.class)),
                requireNonNull(row.get("key_hint", String.class)),
                requireNonNull(row.get("user_id", Long.class)),
                requireNonNull(row.get("enabled", Boolean.class)),
                row.get("expires_at", Long.class),
                row.get("quota_nanos", Long.class),
                requireNonNull(row.get("used_nanos", Long.class)),
                RenewalTable.renewal(row),
                Columns.value(requireNonNull(row.get("models", String.class)), STRINGS).stream()
                        .map(Glob::new)
                        .toList(),
                Columns.value(requireNonNull(row.get("allowed_ips", String.class)), STRINGS).stream()
                        .map(Cidr::parse)
                        .toList(),
                Columns.value(requireNonNull(row.get("limits", String.class)), Limits.class),
                row.get("cache_ttl_seconds", Integer.class),
                row.get("last_used_at", Long.class),
                requireNonNull(row.get("created_at", Long.class)),
                requireNonNull(row.get("updated_at", Long.class)));
    }
}
