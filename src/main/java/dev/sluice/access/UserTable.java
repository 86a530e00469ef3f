package dev.sluice.access;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Columns;
import dev.sluice.database.Where;
import dev.sluice.wire.Limits;
import io.r2dbc.spi.Readable;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The SQL of users. Counters (used, leased) are the ledger's: nothing here writes them. */
final class UserTable {
    private static final String SELECT =
            "SELECT id, username, display_name, role_name, group_name, enabled, quota_nanos,"
                    + " used_nanos, limits, created_at, updated_at, " + RenewalTable.COLUMNS + " FROM users";

    private UserTable() {}

    static Flux<User> all(DatabaseClient client) {
        return client.sql(SELECT).map(UserTable::user).all();
    }

    static Mono<User> find(DatabaseClient client, long id) {
        return client.sql(SELECT + " WHERE id = :id")
                .bind("id", id)
                .map(UserTable::user)
                .one();
    }

    static Mono<User> named(DatabaseClient client, String username) {
        return client.sql(SELECT + " WHERE username = :username")
                .bind("username", username)
                .map(UserTable::user)
                .one();
    }

    static Flux<String> passwordHash(DatabaseClient client, String username) {
        return client.sql("SELECT password_hash FROM users WHERE username = :username")
                .bind("username", username)
                .map(row -> requireNonNull(row.get(0, String.class)))
                .all();
    }

    static Flux<Boolean> passwordGenerated(DatabaseClient client, long id) {
        return client.sql("SELECT password_generated FROM users WHERE id = :id")
                .bind("id", id)
                .map(row -> requireNonNull(row.get(0, Boolean.class)))
                .all();
    }

    /** Until it is changed, it is said to whoever signs in with it. */
    static Mono<Void> markGenerated(DatabaseClient client, long id) {
        return client.sql("UPDATE users SET password_generated = TRUE WHERE id = :id")
                .bind("id", id)
                .then();
    }

    static Flux<User> list(DatabaseClient client, Where where, int limit) {
        return where.query(client, SELECT, "ORDER BY id DESC LIMIT " + limit)
                .map(UserTable::user)
                .all();
    }

    static Mono<Long> count(DatabaseClient client, Where where) {
        return where.query(client, "SELECT COUNT(*) FROM users", "")
                .map(row -> requireNonNull(row.get(0, Long.class)))
                .one();
    }

    /** How many could still do everything if that user could not. */
    static Mono<Long> otherRoots(DatabaseClient client, long id) {
        return client.sql("SELECT COUNT(*) FROM users WHERE role_name = 'root' AND enabled = TRUE AND id <> :id")
                .bind("id", id)
                .map(row -> requireNonNull(row.get(0, Long.class)))
                .one();
    }

    static Mono<Long> insert(DatabaseClient client, User user, String passwordHash) {
        return writable(
                        client.sql("INSERT INTO users (username, password_hash, display_name, role_name, group_name,"
                                        + " enabled, quota_nanos, limits, created_at, updated_at) VALUES (:username,"
                                        + " :passwordHash, :displayName, :role, :group, :enabled, :quotaNanos, :limits,"
                                        + " :createdAt, :updatedAt)")
                                .bind("passwordHash", passwordHash)
                                .bind("createdAt", user.createdAt()),
                        user)
                .filter(statement -> statement.returnGeneratedValues("id"))
                .map(row -> requireNonNull(row.get("id", Long.class)))
                .one();
    }

    /** @param passwordHash null: the password stays */
    static Mono<Long> update(DatabaseClient client, User user, @Nullable String passwordHash) {
        String password = passwordHash == null ? "" : ", password_hash = :passwordHash, password_generated = FALSE";
        DatabaseClient.GenericExecuteSpec statement = client.sql("UPDATE users SET username = :username,"
                        + " display_name = :displayName, role_name = :role, group_name = :group, enabled = :enabled,"
                        + " quota_nanos = :quotaNanos, limits = :limits, updated_at = :updatedAt" + password
                        + " WHERE id = :id")
                .bind("id", user.id());
        if (passwordHash != null) {
            statement = statement.bind("passwordHash", passwordHash);
        }
        return writable(statement, user).fetch().rowsUpdated();
    }

    /** In one statement with what it adds to. */
    static Mono<Long> addToQuota(DatabaseClient client, long id, long nanos, long now) {
        return client.sql("UPDATE users SET quota_nanos = quota_nanos + :nanos, updated_at = :now WHERE id = :id")
                .bind("nanos", nanos)
                .bind("now", now)
                .bind("id", id)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Long> delete(DatabaseClient client, long id) {
        return client.sql("DELETE FROM users WHERE id = :id")
                .bind("id", id)
                .fetch()
                .rowsUpdated();
    }

    private static DatabaseClient.GenericExecuteSpec writable(DatabaseClient.GenericExecuteSpec statement, User user) {
        return statement
                .bind("username", user.username())
                .bind("displayName", user.displayName())
                .bind("role", user.role().name().toLowerCase(Locale.ROOT))
                .bind("group", user.group())
                .bind("enabled", user.enabled())
                .bind("quotaNanos", Columns.nullable(user.quotaNanos(), Long.class))
                .bind("limits", Columns.json(user.limits()))
                .bind("updatedAt", user.updatedAt());
    }

    /** Rows from before there were any have none. */
    private static Limits limits(@Nullable String json) {
        return json == null ? Limits.NONE : Columns.value(json, Limits.class);
    }

    private static User user(Readable row) {
        return new User(
                requireNonNull(row.get("id", Long.class)),
                requireNonNull(row.get("username", String.class)),
                requireNonNull(row.get("display_name", String.class)),
                Role.valueOf(requireNonNull(row.get("role_name", String.class)).toUpperCase(Locale.ROOT)),
                requireNonNull(row.get("group_name", String.class)),
                requireNonNull(row.get("enabled", Boolean.class)),
                row.get("quota_nanos", Long.class),
                requireNonNull(row.get("used_nanos", Long.class)),
                RenewalTable.renewal(row),
                limits(row.get("limits", String.class)),
                requireNonNull(row.get("created_at", Long.class)),
                requireNonNull(row.get("updated_at", Long.class)));
    }
}
