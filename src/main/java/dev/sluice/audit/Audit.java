package dev.sluice.audit;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Database;
import dev.sluice.database.Where;
import io.r2dbc.spi.Readable;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The book of changes: only added to, in the transaction of each change. */
@Component
public final class Audit {
    private static final String SELECT = "SELECT id, changed_at, user_id, username, means, client_ip, action_name,"
            + " resource, resource_id, changes FROM audit";

    private final Database database;

    Audit(Database database) {
        this.database = database;
    }

    /** Writes an entry, whose id is yet to come, in the client's transaction. */
    public Mono<Void> write(DatabaseClient client, AuditEntry entry) {
        return client.sql("INSERT INTO audit (changed_at, user_id, username, means, client_ip, action_name, resource,"
                        + " resource_id, changes) VALUES (:at, :userId, :username, :means, :clientIp, :action,"
                        + " :resource, :resourceId, :changes)")
                .bind("at", entry.at())
                .bind("userId", entry.userId())
                .bind("username", entry.username())
                .bind("means", entry.means())
                .bind("clientIp", entry.clientIp())
                .bind("action", entry.action())
                .bind("resource", entry.resource())
                .bind("resourceId", entry.resourceId())
                .bind("changes", entry.changes())
                .fetch()
                .rowsUpdated()
                .then();
    }

    /** Newest first; the columns are those of the table. */
    public Flux<AuditEntry> list(Where where, int limit) {
        return database.read(client -> where.query(client, SELECT, "ORDER BY id DESC LIMIT " + limit)
                .map(Audit::entry)
                .all());
    }

    private static AuditEntry entry(Readable row) {
        return new AuditEntry(
                requireNonNull(row.get("id", Long.class)),
                requireNonNull(row.get("changed_at", Long.class)),
                requireNonNull(row.get("user_id", Long.class)),
                text(row, "username"),
                text(row, "means"),
                text(row, "client_ip"),
                text(row, "action_name"),
                text(row, "resource"),
                text(row, "resource_id"),
                text(row, "changes"));
    }

    private static String text(Readable row, String name) {
        return requireNonNull(row.get(name, String.class));
    }
}
