package dev.sluice.quota;

import static java.util.Objects.requireNonNull;

import dev.sluice.wire.QuotaPeriod;
import java.time.ZoneId;
import java.util.List;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Mono;

/**
 * The SQL of leases. An account's row says what is leased of it in all, {@code leases} which node has how much; both
 * move in one transaction. The ledger shortens both by what it books as used.
 */
final class LeaseTable {
    /** Of what is left, one lease takes this part at most: several nodes share a quota without asking each other. */
    private static final long PART = 10;

    /** What was used since its period began counts against a quota that renews; the others began with 0. */
    private static final String LEFT = "quota_nanos - (used_nanos - period_base_nanos) - leased_nanos";

    private final String node;

    LeaseTable(String node) {
        this.node = node;
    }

    /** What is left of an account, and the period that its quota is for. */
    private record Remainder(long nanos, QuotaPeriod period, String zone, long endsAt) {
        boolean over(long now) {
            return period != QuotaPeriod.NONE && endsAt <= now;
        }
    }

    /** Leases at least what is missing, more when much is left. Empty: the quota does not cover it. */
    Mono<Long> take(DatabaseClient client, Account.Name account, long epoch, long missing, long now) {
        return remainder(client, account, "")
                .flatMap(left -> left.over(now) ? renewed(client, account, left, now) : Mono.just(left))
                .filter(left -> left.nanos >= missing)
                .flatMap(left -> lease(client, account, epoch, missing, Math.max(missing, left.nanos / PART)));
    }

    private Mono<Long> lease(DatabaseClient client, Account.Name account, long epoch, long missing, long wanted) {
        return move(client, account, wanted, true).flatMap(done -> {
            if (done) {
                return record(client, account, epoch, wanted).thenReturn(wanted);
            }
            return wanted == missing ? Mono.empty() : lease(client, account, epoch, missing, missing);
        });
    }

    /** Gives back what a lease has left; negative where calls cost more than was leased. */
    Mono<Void> giveBack(DatabaseClient client, Account.Name account, long epoch, long nanos) {
        return lock(client, account)
                .then(shorten(client, account, epoch, nanos))
                .filter(rows -> rows > 0) // else the lease has ended, and all of it is with the account again
                .flatMap(rows -> move(client, account, -nanos, false))
                .then();
    }

    /** The account's row before the lease's, as whoever leases and books has it: else one of both would wait in vain. */
    private static Mono<Void> lock(DatabaseClient client, Account.Name account) {
        return client.sql("SELECT id FROM " + account.kind().table + " WHERE id = :id FOR UPDATE")
                .bind("id", account.id())
                .map(row -> true)
                .all()
                .then();
    }

    private Mono<Long> shorten(DatabaseClient client, Account.Name account, long epoch, long nanos) {
        return client.sql("UPDATE leases SET amount_nanos = amount_nanos - :nanos"
                        + " WHERE node_id = :node AND kind = :kind AND account_id = :id AND epoch = :epoch")
                .bind("nanos", nanos)
                .bind("node", node)
                .bind("kind", account.kind().label)
                .bind("id", account.id())
                .bind("epoch", epoch)
                .fetch()
                .rowsUpdated();
    }

    private static Mono<Remainder> remainder(DatabaseClient client, Account.Name account, String lock) {
        return client.sql("SELECT " + LEFT + ", quota_period, time_zone, period_ends_at FROM " + account.kind().table
                        + " WHERE id = :id AND quota_nanos IS NOT NULL" + lock)
                .bind("id", account.id())
                .map(row -> new Remainder(
                        number(row.get(0, Long.class)),
                        QuotaPeriod.of(requireNonNull(row.get(1, String.class))),
                        requireNonNull(row.get(2, String.class)),
                        number(row.get(3, Long.class))))
                .one();
    }

    /**
     * Begins the period of now, unless another node did, and reads what is left in it. What calls spent that began after
     * the last one ended counts in it. What nodes hold leased of the quota stays leased: they spend it in this period.
     */
    private static Mono<Remainder> renewed(DatabaseClient client, Account.Name account, Remainder over, long now) {
        QuotaPeriod.Bounds bounds = over.period.around(now, ZoneId.of(over.zone));
        String spent = bounds.startsAt() == over.endsAt ? "period_next_nanos" : "0"; // 0: that was periods ago
        return client.sql("UPDATE " + account.kind().table + " SET period_base_nanos = used_nanos - " + spent
                        + ", period_next_nanos = 0, period_starts_at = :starts, period_ends_at = :ends"
                        + " WHERE id = :id AND period_ends_at = :over")
                .bind("starts", bounds.startsAt())
                .bind("ends", bounds.endsAt())
                .bind("id", account.id())
                .bind("over", over.endsAt)
                .fetch()
                .rowsUpdated()
                // Locked, so that it is read as it is now, and not as it was when the transaction began.
                .then(remainder(client, account, " FOR UPDATE"));
    }

    /** The condition and the change are one statement, so no two nodes can take the same money. */
    private static Mono<Boolean> move(DatabaseClient client, Account.Name account, long nanos, boolean onlyIfCovered) {
        String covered = onlyIfCovered ? " AND " + LEFT + " >= :nanos" : "";
        return client.sql("UPDATE " + account.kind().table + " SET leased_nanos = leased_nanos + :nanos WHERE id = :id"
                        + covered)
                .bind("nanos", nanos)
                .bind("id", account.id())
                .fetch()
                .rowsUpdated()
                .map(rows -> rows > 0);
    }

    private Mono<Void> record(DatabaseClient client, Account.Name account, long epoch, long nanos) {
        Mono<Long> inserted = client.sql("INSERT INTO leases (node_id, kind, account_id, epoch, amount_nanos)"
                        + " VALUES (:node, :kind, :id, :epoch, :nanos)")
                .bind("node", node)
                .bind("kind", account.kind().label)
                .bind("id", account.id())
                .bind("epoch", epoch)
                .bind("nanos", nanos)
                .fetch()
                .rowsUpdated();
        return shorten(client, account, epoch, -nanos)
                .flatMap(rows -> rows > 0 ? Mono.just(rows) : inserted)
                .then();
    }

    /** Ends all leases of a node: what it had goes back to the accounts. */
    static Mono<Void> end(DatabaseClient client, String node) {
        return client.sql("SELECT kind, account_id, amount_nanos FROM leases WHERE node_id = :node FOR UPDATE")
                .bind("node", node)
                .map(row -> new Left(
                        name(row.get(0, String.class), number(row.get(1, Long.class))), number(row.get(2, Long.class))))
                .all()
                .collectList()
                .flatMap(leases -> end(client, node, leases));
    }

    private record Left(Account.Name account, long nanos) {}

    private static Mono<Void> end(DatabaseClient client, String node, List<Left> leases) {
        Mono<Void> all = Mono.empty();
        for (Left left : leases) {
            all = all.then(move(client, left.account, -left.nanos, false)).then();
        }
        return all.then(client.sql("DELETE FROM leases WHERE node_id = :node")
                        .bind("node", node)
                        .fetch()
                        .rowsUpdated())
                .then();
    }

    private static Account.Name name(@org.jspecify.annotations.Nullable String kind, long id) {
        return new Account.Name("token".equals(kind) ? Account.Kind.TOKEN : Account.Kind.USER, id);
    }

    private static long number(@org.jspecify.annotations.Nullable Long value) {
        return value == null ? 0 : value;
    }
}
