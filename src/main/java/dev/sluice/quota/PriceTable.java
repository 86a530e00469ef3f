package dev.sluice.quota;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Columns;
import dev.sluice.wire.Glob;
import io.r2dbc.spi.Readable;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The SQL of the operator's own prices. */
public final class PriceTable {
    /** Of {@code Changes}. */
    public static final String REVISION = "prices";

    private static final String SELECT = "SELECT id, model, input_nanos, cached_input_nanos, cache_write_nanos,"
            + " output_nanos, call_nanos FROM prices";

    private PriceTable() {}

    /** Newest first. */
    public static Flux<Price> all(DatabaseClient client) {
        return client.sql(SELECT + " ORDER BY id DESC").map(PriceTable::price).all();
    }

    public static Mono<Price> find(DatabaseClient client, long id) {
        return client.sql(SELECT + " WHERE id = :id")
                .bind("id", id)
                .map(PriceTable::price)
                .one();
    }

    public static Mono<Price> of(DatabaseClient client, Glob model) {
        return client.sql(SELECT + " WHERE model = :model")
                .bind("model", model.pattern())
                .map(PriceTable::price)
                .one();
    }

    /** The new price's id; the one it came with means nothing. */
    public static Mono<Long> insert(DatabaseClient client, Price price, long now) {
        return writable(
                        client.sql("INSERT INTO prices (model, input_nanos, cached_input_nanos, cache_write_nanos,"
                                        + " output_nanos, call_nanos, created_at, updated_at) VALUES (:model, :input,"
                                        + " :cachedInput, :cacheWrite, :output, :call, :createdAt, :updatedAt)")
                                .bind("createdAt", now),
                        price,
                        now)
                .filter(statement -> statement.returnGeneratedValues("id"))
                .map(row -> requireNonNull(row.get("id", Long.class)))
                .one();
    }

    public static Mono<Long> update(DatabaseClient client, Price price, long now) {
        return writable(
                        client.sql("UPDATE prices SET model = :model, input_nanos = :input,"
                                        + " cached_input_nanos = :cachedInput, cache_write_nanos = :cacheWrite,"
                                        + " output_nanos = :output, call_nanos = :call, updated_at = :updatedAt"
                                        + " WHERE id = :id")
                                .bind("id", requireNonNull(price.id())),
                        price,
                        now)
                .fetch()
                .rowsUpdated();
    }

    public static Mono<Long> delete(DatabaseClient client, long id) {
        return client.sql("DELETE FROM prices WHERE id = :id")
                .bind("id", id)
                .fetch()
                .rowsUpdated();
    }

    private static DatabaseClient.GenericExecuteSpec writable(
            DatabaseClient.GenericExecuteSpec statement, Price price, long now) {
        return statement
                .bind("model", price.model().pattern())
                .bind("input", Columns.nullable(price.inputNanos(), Long.class))
                .bind("cachedInput", Columns.nullable(price.cachedInputNanos(), Long.class))
                .bind("cacheWrite", Columns.nullable(price.cacheWriteNanos(), Long.class))
                .bind("output", Columns.nullable(price.outputNanos(), Long.class))
                .bind("call", Columns.nullable(price.callNanos(), Long.class))
                .bind("updatedAt", now);
    }

    private static Price price(Readable row) {
        return new Price(
                requireNonNull(row.get("id", Long.class)),
                new Glob(requireNonNull(row.get("model", String.class))),
                row.get("input_nanos", Long.class),
                row.get("cached_input_nanos", Long.class),
                row.get("cache_write_nanos", Long.class),
                row.get("output_nanos", Long.class),
                row.get("call_nanos", Long.class),
                false);
    }
}
