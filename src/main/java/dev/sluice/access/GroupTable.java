package dev.sluice.access;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Columns;
import dev.sluice.wire.Limits;
import io.r2dbc.spi.Readable;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The SQL of groups. */
final class GroupTable {
    private static final String SELECT =
            "SELECT name, price_factor_millionth, limits, created_at, updated_at FROM user_groups";

    private GroupTable() {}

    static Flux<Group> all(DatabaseClient client) {
        return client.sql(SELECT).map(GroupTable::group).all();
    }

    static Mono<Group> find(DatabaseClient client, String name) {
        return client.sql(SELECT + " WHERE name = :name")
                .bind("name", name)
                .map(GroupTable::group)
                .one();
    }

    static Mono<Long> insert(DatabaseClient client, Group group) {
        return writable(
                        client.sql(
                                        "INSERT INTO user_groups (name, price_factor_millionth, limits, created_at, updated_at)"
                                                + " VALUES (:name, :priceFactor, :limits, :createdAt, :updatedAt)")
                                .bind("createdAt", group.createdAt()),
                        group)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Long> update(DatabaseClient client, Group group) {
        return writable(
                        client.sql("UPDATE user_groups SET price_factor_millionth = :priceFactor, limits = :limits,"
                                + " updated_at = :updatedAt WHERE name = :name"),
                        group)
                .fetch()
                .rowsUpdated();
    }

    static Mono<Long> delete(DatabaseClient client, String name) {
        return client.sql("DELETE FROM user_groups WHERE name = :name")
                .bind("name", name)
                .fetch()
                .rowsUpdated();
    }

    private static DatabaseClient.GenericExecuteSpec writable(
            DatabaseClient.GenericExecuteSpec statement, Group group) {
        return statement
                .bind("name", group.name())
                .bind("priceFactor", group.priceFactorMillionths())
                .bind("limits", Columns.json(group.limits()))
                .bind("updatedAt", group.updatedAt());
    }

    private static Group group(Readable row) {
        return new Group(
                requireNonNull(row.get("name", String.class)),
                requireNonNull(row.get("price_factor_millionth", Long.class)),
                Columns.value(requireNonNull(row.get("limits", String.class)), Limits.class),
                requireNonNull(row.get("created_at", Long.class)),
                requireNonNull(row.get("updated_at", Long.class)));
    }
}
