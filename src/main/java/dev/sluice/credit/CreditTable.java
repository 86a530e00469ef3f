package dev.sluice.credit;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Columns;
import dev.sluice.database.Where;
import io.r2dbc.spi.Readable;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The SQL of credits: rows are only added. */
final class CreditTable {
    private static final String SELECT = "SELECT id, user_id, amount_nanos, quota_nanos, note, by_user_id,"
            + " redemption_code_id, created_at FROM credits";

    private CreditTable() {}

    static Mono<Credit> insert(DatabaseClient client, Credit credit) {
        return client.sql("INSERT INTO credits (user_id, amount_nanos, quota_nanos, note, by_user_id,"
                        + " redemption_code_id, created_at) VALUES (:userId, :amount, :quota, :note, :by, :code, :at)")
                .bind("userId", credit.userId())
                .bind("amount", credit.amountNanos())
                .bind("quota", credit.quotaNanos())
                .bind("note", credit.note())
                .bind("by", credit.byUserId())
                .bind("code", Columns.nullable(credit.redemptionCodeId(), Long.class))
                .bind("at", credit.createdAt())
                .filter(statement -> statement.returnGeneratedValues("id"))
                .map(row -> requireNonNull(row.get("id", Long.class)))
                .one()
                .map(id -> new Credit(
                        id,
                        credit.userId(),
                        credit.amountNanos(),
                        credit.quotaNanos(),
                        credit.note(),
                        credit.byUserId(),
                        credit.redemptionCodeId(),
                        credit.createdAt()));
    }

    static Flux<Credit> list(DatabaseClient client, Where where, int limit) {
        return where.query(client, SELECT, "ORDER BY id DESC LIMIT " + limit)
                .map(CreditTable::credit)
                .all();
    }

    private static Credit credit(Readable row) {
        return new Credit(
                requireNonNull(row.get("id", Long.class)),
                requireNonNull(row.get("user_id", Long.class)),
                requireNonNull(row.get("amount_nanos", Long.class)),
                requireNonNull(row.get("quota_nanos", Long.class)),
                requireNonNull(row.get("note", String.class)),
                requireNonNull(row.get("by_user_id", Long.class)),
                row.get("redemption_code_id", Long.class),
                requireNonNull(row.get("created_at", Long.class)));
    }
}
