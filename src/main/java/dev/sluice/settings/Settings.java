package dev.sluice.settings;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.Changes;
import dev.sluice.database.Columns;
import dev.sluice.database.Database;
import dev.sluice.database.Witness;
import java.time.Clock;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.core.type.TypeReference;

/** The settings in memory, the same on every node a second after a change. Of those in the database only what is no default. */
@Component
public final class Settings {
    private static final String NAME = "settings";
    private static final TypeReference<Map<String, List<String>>> FALLBACKS = new TypeReference<>() {};
    private static final TypeReference<Map<String, Routing>> ROUTINGS = new TypeReference<>() {};
    private static final TypeReference<Map<String, Caching>> CACHINGS = new TypeReference<>() {};

    private final Changes changes;
    private final Database database;
    private final Clock clock;
    private volatile GatewaySettings settings = GatewaySettings.DEFAULT;

    Settings(Changes changes, Database database, Clock clock) {
        this.changes = changes;
        this.database = database;
        this.clock = clock;
        changes.follow(NAME, this::load);
    }

    public GatewaySettings now() {
        return settings;
    }

    private Mono<Void> load() {
        return database.read(Settings::rows)
                .collectMap(Map.Entry::getKey, Map.Entry::getValue)
                .doOnNext(rows -> settings = settings(rows))
                .then();
    }

    public Mono<GatewaySettings> change(UnaryOperator<GatewaySettings> change, Witness<GatewaySettings> witness) {
        return changes.write(
                NAME,
                client -> rows(client)
                        .collectMap(Map.Entry::getKey, Map.Entry::getValue)
                        .map(Settings::settings)
                        .flatMap(before -> change(client, before, change.apply(before), witness)));
    }

    private Mono<GatewaySettings> change(
            DatabaseClient client, GatewaySettings before, GatewaySettings after, Witness<GatewaySettings> witness) {
        Map<String, String> kept = values(after);
        Map<String, String> defaults = values(GatewaySettings.DEFAULT);
        kept.entrySet().removeIf(each -> each.getValue().equals(defaults.get(each.getKey())));
        return client.sql("DELETE FROM settings")
                .fetch()
                .rowsUpdated()
                .thenMany(Flux.fromIterable(kept.entrySet()).concatMap(each -> insert(client, each)))
                .then(witness.saw(client, before, after))
                .thenReturn(after);
    }

    private Mono<Long> insert(DatabaseClient client, Map.Entry<String, String> setting) {
        return client.sql("INSERT INTO settings (name, setting_value, updated_at) VALUES (:name, :value, :now)")
                .bind("name", setting.getKey())
                .bind("value", setting.getValue())
                .bind("now", clock.millis())
                .fetch()
                .rowsUpdated();
    }

    private static Flux<Map.Entry<String, String>> rows(DatabaseClient client) {
        return client.sql("SELECT name, setting_value FROM settings")
                .map(row ->
                        Map.entry(requireNonNull(row.get(0, String.class)), requireNonNull(row.get(1, String.class))))
                .all();
    }

    private static Map<String, String> values(GatewaySettings settings) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("registration", json(settings.registration()));
        values.put("registration_quota_nanos", json(settings.registrationQuotaNanos()));
        values.put("registration_group", json(settings.registrationGroup()));
        values.put("retention_days", json(settings.retentionDays()));
        values.put("max_attempts", json(settings.maxAttempts()));
        values.put("low_balance_percent", json(settings.lowBalancePercent()));
        values.put("fallback_models", json(settings.fallbackModels()));
        values.put("routing", json(settings.routing()));
        values.put("response_cache", json(settings.responseCache()));
        values.put("queue_wait_seconds", json(settings.queueWaitSeconds()));
        values.put("queue_size", json(settings.queueSize()));
        return values;
    }

    private static String json(@Nullable Object value) {
        return value == null ? "null" : Columns.json(value);
    }

    private static GatewaySettings settings(Map<String, String> rows) {
        Map<String, String> values = new HashMap<>(values(GatewaySettings.DEFAULT));
        values.putAll(rows);
        return new GatewaySettings(
                requireNonNull(value(values, "registration", Boolean.class)),
                value(values, "registration_quota_nanos", Long.class),
                requireNonNull(value(values, "registration_group", String.class)),
                value(values, "retention_days", Integer.class),
                requireNonNull(value(values, "max_attempts", Integer.class)),
                requireNonNull(value(values, "low_balance_percent", Integer.class)),
                Columns.value(String.valueOf(values.get("fallback_models")), FALLBACKS),
                Columns.value(String.valueOf(values.get("routing")), ROUTINGS),
                Columns.value(String.valueOf(values.get("response_cache")), CACHINGS),
                requireNonNull(value(values, "queue_wait_seconds", Integer.class)),
                requireNonNull(value(values, "queue_size", Integer.class)));
    }

    private static <T> @Nullable T value(Map<String, String> values, String name, Class<T> type) {
        String json = String.valueOf(values.get(name));
        return json.equals("null") ? null : Columns.value(json, type);
    }
}
