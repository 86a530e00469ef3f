package dev.sluice.access;

import static java.util.Objects.requireNonNull;

import dev.sluice.wire.QuotaPeriod;
import io.r2dbc.spi.Readable;
import java.time.ZoneId;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Mono;

/** The SQL of renewing quotas, which tokens and users have alike. */
final class RenewalTable {
    static final String COLUMNS =
            "quota_period, time_zone, period_starts_at, period_ends_at, period_base_nanos," + " period_next_nanos";

    private RenewalTable() {}

    static Renewal renewal(Readable row) {
        Long startsAt = row.get("period_starts_at", Long.class);
        Long endsAt = row.get("period_ends_at", Long.class);
        return new Renewal(
                QuotaPeriod.of(requireNonNull(row.get("quota_period", String.class))),
                ZoneId.of(requireNonNull(row.get("time_zone", String.class))),
                startsAt == null ? 0 : startsAt,
                endsAt == null ? 0 : endsAt,
                requireNonNull(row.get("period_base_nanos", Long.class)),
                requireNonNull(row.get("period_next_nanos", Long.class)));
    }

    /**
     * Begins the period of now, with nothing used in it; a quota for good counts all that was ever used.
     *
     * @param table of tokens or of users
     */
    static Mono<Long> begin(DatabaseClient client, String table, long id, Renewal renewal, long now) {
        String base = renewal.renews() ? "used_nanos" : "0";
        QuotaPeriod.Bounds bounds = renewal.period().around(now, renewal.zone());
        return client.sql("UPDATE " + table
                        + " SET quota_period = :period, time_zone = :zone, period_starts_at = :starts,"
                        + " period_ends_at = :ends, period_base_nanos = " + base
                        + ", period_next_nanos = 0 WHERE id = :id")
                .bind("period", renewal.period().label())
                .bind("zone", renewal.zone().getId())
                .bind("starts", bounds.startsAt())
                .bind("ends", bounds.endsAt())
                .bind("id", id)
                .fetch()
                .rowsUpdated();
    }
}
