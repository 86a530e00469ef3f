package dev.sluice.access;

import static java.util.Objects.requireNonNull;

import io.r2dbc.spi.Readable;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The SQL of second factors and of the codes that stand in for them. */
final class SecondFactorTable {
    static final String NAME = "second_factors";

    private SecondFactorTable() {}

    /** @param confirmedAt null: not yet */
    record Row(String sealedSecret, @Nullable Long confirmedAt) {
        private static Row of(Readable row) {
            return new Row(requireNonNull(row.get(0, String.class)), row.get(1, Long.class));
        }
    }

    static Flux<Row> find(DatabaseClient client, long userId) {
        return client.sql("SELECT sealed_secret, confirmed_at FROM second_factors WHERE user_id = :userId")
                .bind("userId", userId)
                .map(Row::of)
                .all();
    }

    static Flux<Long> recoveryCodes(DatabaseClient client, long userId) {
        return client.sql("SELECT COUNT(*) FROM recovery_codes WHERE user_id = :userId")
                .bind("userId", userId)
                .map(row -> requireNonNull(row.get(0, Long.class)))
                .all();
    }

    static Mono<Long> insert(DatabaseClient client, long userId, String sealedSecret, long now) {
        return client.sql("INSERT INTO second_factors (user_id, sealed_secret, last_step, created_at)"
                        + " VALUES (:userId, :sealedSecret, 0, :now)")
                .bind("userId", userId)
                .bind("sealedSecret", sealedSecret)
                .bind("now", now)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Long> confirm(DatabaseClient client, long userId, long now) {
        return client.sql("UPDATE second_factors SET confirmed_at = :now WHERE user_id = :userId")
                .bind("userId", userId)
                .bind("now", now)
                .fetch()
                .rowsUpdated();
    }

    /** One row, or none when that half minute's code, or a later one's, was used before: of two at once one wins. */
    static Mono<Long> use(DatabaseClient client, long userId, long step) {
        return client.sql("UPDATE second_factors SET last_step = :step WHERE user_id = :userId AND last_step < :step")
                .bind("userId", userId)
                .bind("step", step)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Long> useRecoveryCode(DatabaseClient client, long userId, String hash) {
        return client.sql("DELETE FROM recovery_codes WHERE user_id = :userId AND code_hash = :hash")
                .bind("userId", userId)
                .bind("hash", hash)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Void> insertRecoveryCodes(DatabaseClient client, long userId, List<String> hashes) {
        return Flux.fromIterable(hashes)
                .concatMap(hash -> client.sql("INSERT INTO recovery_codes (user_id, code_hash) VALUES (:userId, :hash)")
                        .bind("userId", userId)
                        .bind("hash", hash)
                        .then())
                .then();
    }

    static Mono<Long> deleteOf(DatabaseClient client, long userId) {
        return client.sql("DELETE FROM recovery_codes WHERE user_id = :userId")
                .bind("userId", userId)
                .then()
                .then(client.sql("DELETE FROM second_factors WHERE user_id = :userId")
                        .bind("userId", userId)
                        .fetch()
                        .rowsUpdated());
    }
}
