package dev.sluice.quota;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Columns;
import dev.sluice.wire.Glob;
import io.r2dbc.spi.Readable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The SQL of the operator's own prices. */
public final class PriceTable {
    /** Of {@code Changes}. */
    public static final String REVISION = "prices";

    private static final List<String> COLUMNS = List.of(
            "model",
            "input_nanos",
            "cached_input_nanos",
            "cache_write_nanos",
            "hour_write_nanos",
            "output_nanos",
            "audio_input_nanos",
            "cached_audio_input_nanos",
            "audio_output_nanos",
            "image_input_nanos",
            "image_output_nanos",
            "call_nanos",
            "minute_nanos",
            "mchar_nanos",
            "flex_input_nanos",
            "flex_output_nanos",
            "priority_input_nanos",
            "priority_output_nanos",
            "long_context_tokens",
            "long_input_nanos",
            "long_cached_input_nanos",
            "long_output_nanos");
    private static final String SELECT = "SELECT id, " + String.join(", ", COLUMNS) + " FROM prices";
    private static final String INSERT = "INSERT INTO prices (" + String.join(", ", COLUMNS)
            + ", created_at, updated_at) VALUES (:" + String.join(", :", COLUMNS) + ", :now, :now)";
    private static final String UPDATE = "UPDATE prices SET "
            + COLUMNS.stream().map(column -> column + " = :" + column).collect(Collectors.joining(", "))
            + ", updated_at = :now WHERE id = :id";

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
        return written(client.sql(INSERT), price, now)
                .filter(statement -> statement.returnGeneratedValues("id"))
                .map(row -> requireNonNull(row.get("id", Long.class)))
                .one();
    }

    public static Mono<Long> update(DatabaseClient client, Price price, long now) {
        return written(client.sql(UPDATE).bind("id", requireNonNull(price.id())), price, now)
                .fetch()
                .rowsUpdated();
    }

    public static Mono<Long> delete(DatabaseClient client, long id) {
        return client.sql("DELETE FROM prices WHERE id = :id")
                .bind("id", id)
                .fetch()
                .rowsUpdated();
    }

    private static DatabaseClient.GenericExecuteSpec written(
            DatabaseClient.GenericExecuteSpec statement, Price price, long now) {
        Price.LongContext beyond = price.longContext();
        List<@Nullable Long> numbers = Arrays.asList(
                price.text().inputNanos(),
                price.text().cachedInputNanos(),
                price.text().cacheWriteNanos(),
                price.text().hourWriteNanos(),
                price.text().outputNanos(),
                price.media().audioInputNanos(),
                price.media().cachedAudioInputNanos(),
                price.media().audioOutputNanos(),
                price.media().imageInputNanos(),
                price.media().imageOutputNanos(),
                price.units().callNanos(),
                price.units().minuteNanos(),
                price.units().mcharNanos(),
                price.tiers().flexInputNanos(),
                price.tiers().flexOutputNanos(),
                price.tiers().priorityInputNanos(),
                price.tiers().priorityOutputNanos(),
                beyond == null ? null : beyond.moreThanTokens(),
                beyond == null ? null : beyond.inputNanos(),
                beyond == null ? null : beyond.cachedInputNanos(),
                beyond == null ? null : beyond.outputNanos());
        var bound = statement.bind("model", price.model().pattern()).bind("now", now);
        for (int each = 0; each < numbers.size(); each++) {
            bound = bound.bind(COLUMNS.get(each + 1), Columns.nullable(numbers.get(each), Long.class));
        }
        return bound;
    }

    private static Price price(Readable row) {
        Long beyond = row.get("long_context_tokens", Long.class);
        return new Price(
                requireNonNull(row.get("id", Long.class)),
                new Glob(requireNonNull(row.get("model", String.class))),
                new Price.Text(
                        row.get("input_nanos", Long.class),
                        row.get("cached_input_nanos", Long.class),
                        row.get("cache_write_nanos", Long.class),
                        row.get("hour_write_nanos", Long.class),
                        row.get("output_nanos", Long.class)),
                new Price.Media(
                        row.get("audio_input_nanos", Long.class),
                        row.get("cached_audio_input_nanos", Long.class),
                        row.get("audio_output_nanos", Long.class),
                        row.get("image_input_nanos", Long.class),
                        row.get("image_output_nanos", Long.class)),
                new Price.Units(
                        row.get("call_nanos", Long.class),
                        row.get("minute_nanos", Long.class),
                        row.get("mchar_nanos", Long.class)),
                new Price.Tiers(
                        row.get("flex_input_nanos", Long.class),
                        row.get("flex_output_nanos", Long.class),
                        row.get("priority_input_nanos", Long.class),
                        row.get("priority_output_nanos", Long.class)),
                beyond == null
                        ? null
                        : new Price.LongContext(
                                beyond,
                                row.get("long_input_nanos", Long.class),
                                row.get("long_cached_input_nanos", Long.class),
                                row.get("long_output_nanos", Long.class)),
                false);
    }
}
