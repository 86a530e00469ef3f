package dev.sluice.channel;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Columns;
import dev.sluice.database.MasterKey;
import dev.sluice.database.MasterKey.Purpose;
import dev.sluice.database.Where;
import dev.sluice.wire.Glob;
import dev.sluice.wire.Limits;
import io.r2dbc.spi.Readable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.core.type.TypeReference;

/** The SQL of channels: keys go in sealed and come out open. */
@Component
public final class ChannelTable {
    /** Of {@code Changes}. */
    public static final String REVISION = "channels";

    private static final TypeReference<List<String>> STRINGS = new TypeReference<>() {};
    private static final TypeReference<Set<String>> NAMES = new TypeReference<>() {};
    private static final TypeReference<Map<String, String>> MAP = new TypeReference<>() {};
    private static final String SELECT = "SELECT id, name, vendor, base_url, sealed_keys, models, model_mapping,"
            + " group_names, priority, weight, enabled, headers, options, limits, key_limits, timeouts, price_factor_millionth,"
            + " tags, created_at, updated_at FROM channels";

    private final MasterKey key;

    ChannelTable(MasterKey key) {
        this.key = key;
    }

    public Flux<Channel> all(DatabaseClient client) {
        return client.sql(SELECT + " ORDER BY id").map(this::channel).all();
    }

    public Mono<Channel> find(DatabaseClient client, long id) {
        return client.sql(SELECT + " WHERE id = :id")
                .bind("id", id)
                .map(this::channel)
                .one();
    }

    /** Newest first. */
    public Flux<Channel> list(DatabaseClient client, Where where, int limit) {
        return where.query(client, SELECT, "ORDER BY id DESC LIMIT " + limit)
                .map(this::channel)
                .all();
    }

    /** The new channel's id; the one it came with means nothing. */
    public Mono<Long> insert(DatabaseClient client, Channel channel) {
        return writable(
                        client.sql(
                                        "INSERT INTO channels (name, vendor, base_url, sealed_keys, key_hints, models,"
                                                + " model_mapping, group_names, priority, weight, enabled, headers, options,"
                                                + " limits, key_limits, timeouts, price_factor_millionth, tags, created_at, updated_at)"
                                                + " VALUES (:name, :vendor, :baseUrl, :sealedKeys, :keyHints, :models,"
                                                + " :modelMapping, :groups, :priority, :weight, :enabled, :headers, :options,"
                                                + " :limits, :keyLimits, :timeouts, :priceFactor, :tags, :createdAt, :updatedAt)")
                                .bind("createdAt", channel.createdAt()),
                        channel)
                .filter(statement -> statement.returnGeneratedValues("id"))
                .map(row -> requireNonNull(row.get("id", Long.class)))
                .one();
    }

    public Mono<Long> update(DatabaseClient client, Channel channel) {
        return writable(
                        client.sql("UPDATE channels SET name = :name, vendor = :vendor, base_url = :baseUrl,"
                                        + " sealed_keys = :sealedKeys, key_hints = :keyHints, models = :models,"
                                        + " model_mapping = :modelMapping, group_names = :groups, priority = :priority,"
                                        + " weight = :weight, enabled = :enabled, headers = :headers,"
                                        + " options = :options, limits = :limits, key_limits = :keyLimits, timeouts = :timeouts,"
                                        + " price_factor_millionth = :priceFactor, tags = :tags,"
                                        + " updated_at = :updatedAt WHERE id = :id")
                                .bind("id", channel.id()),
                        channel)
                .fetch()
                .rowsUpdated();
    }

    public Mono<Long> delete(DatabaseClient client, long id) {
        return client.sql("DELETE FROM channels WHERE id = :id")
                .bind("id", id)
                .fetch()
                .rowsUpdated();
    }

    /** After the master key was changed; see {@link MasterKey#sealAgain}. */
    public static Mono<Long> sealAgain(DatabaseClient client, MasterKey key) {
        return key.sealAgain(client, Purpose.CHANNEL_KEYS, "channels", "id", "sealed_keys");
    }

    /** What may be shown of a channel key: its ends, when it is long enough to keep the middle. */
    public static String hint(String key) {
        return key.length() < 16 ? "…" : key.substring(0, 4) + "…" + key.substring(key.length() - 4);
    }

    private DatabaseClient.GenericExecuteSpec writable(DatabaseClient.GenericExecuteSpec statement, Channel channel) {
        return statement
                .bind("name", channel.name())
                .bind("vendor", channel.vendor())
                .bind("baseUrl", channel.baseUrl())
                .bind("sealedKeys", key.seal(Purpose.CHANNEL_KEYS, Columns.json(channel.keys())))
                .bind(
                        "keyHints",
                        Columns.json(
                                channel.keys().stream().map(ChannelTable::hint).toList()))
                .bind(
                        "models",
                        Columns.json(
                                channel.models().stream().map(Glob::pattern).toList()))
                .bind("modelMapping", Columns.json(channel.modelMapping()))
                .bind("groups", Columns.json(channel.groups()))
                .bind("priority", channel.priority())
                .bind("weight", channel.weight())
                .bind("enabled", channel.enabled())
                .bind("headers", Columns.json(channel.headers()))
                .bind("options", Columns.json(channel.options()))
                .bind("limits", Columns.json(channel.limits()))
                .bind("keyLimits", Columns.json(channel.keyLimits()))
                .bind("timeouts", Columns.json(channel.timeouts()))
                .bind("priceFactor", channel.priceFactorMillionths())
                .bind("tags", Columns.json(channel.tags()))
                .bind("updatedAt", channel.updatedAt());
    }

    private Channel channel(Readable row) {
        return new Channel(
                requireNonNull(row.get("id", Long.class)),
                text(row, "name"),
                text(row, "vendor"),
                text(row, "base_url"),
                Columns.value(key.open(Purpose.CHANNEL_KEYS, text(row, "sealed_keys")), STRINGS),
                Columns.value(text(row, "models"), STRINGS).stream()
                        .map(Glob::new)
                        .toList(),
                Columns.value(text(row, "model_mapping"), MAP),
                Columns.value(text(row, "group_names"), NAMES),
                requireNonNull(row.get("priority", Integer.class)),
                requireNonNull(row.get("weight", Integer.class)),
                requireNonNull(row.get("enabled", Boolean.class)),
                Columns.value(text(row, "headers"), MAP),
                Columns.value(text(row, "options"), MAP),
                Columns.value(text(row, "limits"), Limits.class),
                limits(row.get("key_limits", String.class)),
                Columns.value(text(row, "timeouts"), Timeouts.class),
                requireNonNull(row.get("price_factor_millionth", Long.class)),
                Columns.value(text(row, "tags"), STRINGS),
                requireNonNull(row.get("created_at", Long.class)),
                requireNonNull(row.get("updated_at", Long.class)));
    }

    /** Rows from before there were any have none. */
    private static Limits limits(@Nullable String json) {
        return json == null ? Limits.NONE : Columns.value(json, Limits.class);
    }

    private static String text(Readable row, String column) {
        return requireNonNull(row.get(column, String.class));
    }
}
