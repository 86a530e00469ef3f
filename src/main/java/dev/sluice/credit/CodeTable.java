package dev.sluice.credit;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Columns;
import dev.sluice.database.Where;
import io.r2dbc.spi.Readable;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The SQL of redemption codes. */
final class CodeTable {
    private static final String SELECT = "SELECT id, name, code_hint, amount_nanos, expires_at, made_by, redeemed_by,"
            + " redeemed_at, created_at FROM redemption_codes";

    private CodeTable() {}

    static Mono<Long> insert(DatabaseClient client, RedemptionCode code, String hash) {
        return client.sql("INSERT INTO redemption_codes (name, code_hash, code_hint, amount_nanos, expires_at, made_by,"
                        + " created_at) VALUES (:name, :hash, :hint, :amount, :expiresAt, :madeBy, :createdAt)")
                .bind("name", code.name())
                .bind("hash", hash)
                .bind("hint", code.hint())
                .bind("amount", code.amountNanos())
                .bind("expiresAt", Columns.nullable(code.expiresAt(), Long.class))
                .bind("madeBy", code.madeBy())
                .bind("createdAt", code.createdAt())
                .filter(statement -> statement.returnGeneratedValues("id"))
                .map(row -> requireNonNull(row.get("id", Long.class)))
                .one();
    }

    static Flux<RedemptionCode> list(DatabaseClient client, Where where, int limit) {
        return where.query(client, SELECT, "ORDER BY id DESC LIMIT " + limit)
                .map(CodeTable::code)
                .all();
    }

    /** The condition and the change are one statement: of any number at once exactly one succeeds. */
    static Mono<Boolean> redeem(DatabaseClient client, long id, long userId, long now) {
        return client.sql("UPDATE redemption_codes SET redeemed_by = :userId, redeemed_at = :now WHERE id = :id"
                        + " AND redeemed_by IS NULL AND (expires_at IS NULL OR expires_at > :now)")
                .bind("userId", userId)
                .bind("now", now)
                .bind("id", id)
                .fetch()
                .rowsUpdated()
                .map(rows -> rows > 0);
    }

    static Mono<Boolean> deleteUnused(DatabaseClient client, long id) {
        return client.sql("DELETE FROM redemption_codes WHERE id = :id AND redeemed_by IS NULL")
                .bind("id", id)
                .fetch()
                .rowsUpdated()
                .map(rows -> rows > 0);
    }

    private static RedemptionCode code(Readable row) {
        return new RedemptionCode(
                requireNonNull(row.get("id", Long.class)),
                requireNonNull(row.get("name", String.class)),
                requireNonNull(row.get("code_hint", String.class)),
                requireNonNull(row.get("amount_nanos", Long.class)),
                row.get("expires_at", Long.class),
                requireNonNull(row.get("made_by", Long.class)),
                row.get("redeemed_by", Long.class),
                row.get("redeemed_at", Long.class),
                requireNonNull(row.get("created_at", Long.class)));
    }
}
