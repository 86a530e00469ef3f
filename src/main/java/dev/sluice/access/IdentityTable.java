package dev.sluice.access;

import static java.util.Objects.requireNonNull;

import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The SQL of whom a provider vouches for, and of the sign-ins that came back from one. */
final class IdentityTable {
    private IdentityTable() {}

    static Flux<Long> user(DatabaseClient client, String issuer, String subject) {
        return client.sql("SELECT user_id FROM identities WHERE issuer = :issuer AND subject = :subject")
                .bind("issuer", issuer)
                .bind("subject", subject)
                .map(row -> requireNonNull(row.get(0, Long.class)))
                .all();
    }

    static Flux<Long> countOf(DatabaseClient client, long userId) {
        return client.sql("SELECT COUNT(*) FROM identities WHERE user_id = :userId")
                .bind("userId", userId)
                .map(row -> requireNonNull(row.get(0, Long.class)))
                .all();
    }

    static Mono<Long> insert(DatabaseClient client, String issuer, String subject, long userId, long now) {
        return client.sql("INSERT INTO identities (issuer, subject, user_id, created_at)"
                        + " VALUES (:issuer, :subject, :userId, :now)")
                .bind("issuer", issuer)
                .bind("subject", subject)
                .bind("userId", userId)
                .bind("now", now)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Long> deleteOf(DatabaseClient client, long userId) {
        return client.sql("DELETE FROM identities WHERE user_id = :userId")
                .bind("userId", userId)
                .fetch()
                .rowsUpdated();
    }

    /** Fails as a duplicate when that one came back before. */
    static Mono<Long> use(DatabaseClient client, String stateHash, long now) {
        return client.sql("INSERT INTO used_sign_ins (state_hash, used_at) VALUES (:hash, :now)")
                .bind("hash", stateHash)
                .bind("now", now)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Long> forget(DatabaseClient client, long before) {
        return client.sql("DELETE FROM used_sign_ins WHERE used_at < :before")
                .bind("before", before)
                .fetch()
                .rowsUpdated();
    }
}
