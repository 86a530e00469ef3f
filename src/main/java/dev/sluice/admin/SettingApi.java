package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.Groups;
import dev.sluice.access.Operator;
import dev.sluice.settings.Caching;
import dev.sluice.settings.GatewaySettings;
import dev.sluice.settings.Routing;
import dev.sluice.settings.Settings;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/** {@code /api/settings}: what root may change while the gateway runs. */
@RestController
@RequestMapping("/api/settings")
@Tag(name = "settings", description = "What root may change while the gateway runs")
final class SettingApi {
    private static final Set<String> WRITABLE = Set.of(
            "registration",
            "registration_quota_usd",
            "registration_group",
            "retention_days",
            "max_attempts",
            "low_balance_percent",
            "fallback_models",
            "routing",
            "response_cache",
            "queue_wait_seconds",
            "queue_size");
    private static final Trail.Kind<GatewaySettings> KIND =
            new Trail.Kind<>("settings", settings -> "settings", View::of);

    /** Below it, what a node that was away for long brings back could be older than what is kept. */
    private static final int SHORTEST_RETENTION = 7;

    private static final int LONGEST_RETENTION = 36_500;
    private static final int MOST_ATTEMPTS = 20;
    private static final int MOST_PATTERNS = 200;
    private static final int MOST_FALLBACKS = 8;
    private static final int LONGEST_MODEL = 200;
    private static final int LONGEST_QUEUE_WAIT = 300;
    private static final int LARGEST_QUEUE = 10_000;

    private final Settings settings;
    private final Groups groups;
    private final Trail trail;

    SettingApi(Settings settings, Groups groups, Trail trail) {
        this.settings = settings;
        this.groups = groups;
        this.trail = trail;
    }

    /** How the channels of a model are chosen, as the API shows it. */
    @Schema(name = "Routing")
    record RoutingView(
            @Schema(
                    allowableValues = {"round_robin", "least_busy", "fastest", "cheapest"},
                    defaultValue = "round_robin")
            String strategy,

            @Schema(
                    description = "What sends a call where the one before it went; null: nothing",
                    allowableValues = {"prompt_cache_key", "conversation", "user"})
            @Nullable
            String sticky) {
        static Map<String, RoutingView> of(Map<String, Routing> routing) {
            Map<String, RoutingView> views = new TreeMap<>();
            routing.forEach((model, each) -> views.put(
                    model, new RoutingView(word(each.strategy()), each.sticky() == null ? null : word(each.sticky()))));
            return views;
        }
    }

    /** How the answers of a model are kept, as the API shows it. */
    @Schema(name = "ResponseCache")
    record CachingView(
            @Schema(
                    description = "How long an answer is kept, 1 to 2592000",
                    requiredMode = Schema.RequiredMode.REQUIRED)
            @JsonProperty("ttl_seconds")
            int ttlSeconds,

            @Schema(
                    description = "What the plain price is multiplied by when a kept answer is given again",
                    defaultValue = "0")
            @JsonProperty("price_factor")
            BigDecimal priceFactor) {
        static Map<String, CachingView> of(Map<String, Caching> caching) {
            Map<String, CachingView> views = new TreeMap<>();
            caching.forEach((model, each) ->
                    views.put(model, new CachingView(each.ttlSeconds(), Views.factor(each.priceFactorMillionths()))));
            return views;
        }
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** The settings as the API shows them. */
    @Schema(name = "Settings")
    record View(
            @Schema(description = "Whether strangers may make themselves a user", defaultValue = "false")
            boolean registration,

            @Schema(description = "US dollars that such a user may spend; null: unlimited", defaultValue = "0")
            @JsonProperty("registration_quota_usd")
            @Nullable
            BigDecimal registrationQuotaUsd,

            @Schema(defaultValue = "default") @JsonProperty("registration_group")
            String registrationGroup,

            @Schema(description = "Days that the ledger keeps a row, 7 to 36500; null: for ever")
            @JsonProperty("retention_days")
            @Nullable
            Integer retentionDays,

            @Schema(description = "Channels and keys tried for one model of a call, 1 to 20", defaultValue = "4")
            @JsonProperty("max_attempts")
            int maxAttempts,

            @Schema(
                    description = "Below this part of its quota an account is warned of, 0 to 100; 0: never",
                    defaultValue = "10")
            @JsonProperty("low_balance_percent")
            int lowBalancePercent,

            @Schema(
                    description = "By a model's name or a glob: the models that stand in for it, in order, when all"
                            + " its channels are out; at most 8")
            @JsonProperty("fallback_models")
            Map<String, List<String>> fallbackModels,

            @Schema(description = "By a model's name or a glob: how its channels of one priority are chosen")
            Map<String, RoutingView> routing,

            @Schema(description = "By a model's name or a glob: whether and how its answers are kept")
            @JsonProperty("response_cache")
            Map<String, CachingView> responseCache,

            @Schema(
                    description =
                            "How long a call may wait for a place at channels whose own limits are reached, 0 to 300;"
                                    + " 0: not at all",
                    defaultValue = "0")
            @JsonProperty("queue_wait_seconds")
            int queueWaitSeconds,

            @Schema(
                    description = "How many calls may wait so on one node, 1 to 10000; one user's at most half",
                    defaultValue = "200")
            @JsonProperty("queue_size")
            int queueSize) {
        static View of(GatewaySettings settings) {
            return new View(
                    settings.registration(),
                    Views.usdOrNull(settings.registrationQuotaNanos()),
                    settings.registrationGroup(),
                    settings.retentionDays(),
                    settings.maxAttempts(),
                    settings.lowBalancePercent(),
                    new TreeMap<>(settings.fallbackModels()),
                    RoutingView.of(settings.routing()),
                    CachingView.of(settings.responseCache()),
                    settings.queueWaitSeconds(),
                    settings.queueSize());
        }
    }

    @GetMapping
    @Operation(summary = "The settings")
    View get() {
        return View.of(settings.now());
    }

    @PatchMapping(consumes = {"application/json", "application/merge-patch+json"})
    @Operation(
            summary = "Changes settings by a JSON merge patch; they count at once",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = View.class))))
    Mono<View> change(@AuthenticationPrincipal Operator operator, @RequestBody byte[] body) {
        return settings.change(before -> changed(before, body), trail.of(operator, KIND))
                .map(View::of);
    }

    private GatewaySettings changed(GatewaySettings before, byte[] body) {
        Fields fields = Fields.read(body, Rendering.writable(View.of(before), WRITABLE), WRITABLE, Set.of());
        GatewaySettings usual = GatewaySettings.DEFAULT;
        String group = fields.text("registration_group", 64);
        if (group != null && groups.find(group) == null) {
            fields.wrong("registration_group", "'" + group + "'", Rule.GROUP);
        }
        GatewaySettings after = new GatewaySettings(
                fields.flag("registration", usual.registration()),
                fields.usd("registration_quota_usd"),
                group == null ? usual.registrationGroup() : group,
                fields.has("retention_days")
                        ? Integer.valueOf(fields.whole("retention_days", 0, SHORTEST_RETENTION, LONGEST_RETENTION))
                        : null,
                fields.whole("max_attempts", usual.maxAttempts(), 1, MOST_ATTEMPTS),
                fields.whole("low_balance_percent", usual.lowBalancePercent(), 0, 100),
                fallbackModels(fields),
                routing(fields),
                responseCache(fields),
                fields.whole("queue_wait_seconds", usual.queueWaitSeconds(), 0, LONGEST_QUEUE_WAIT),
                fields.whole("queue_size", usual.queueSize(), 1, LARGEST_QUEUE));
        fields.check();
        return after;
    }

    private static Map<String, List<String>> fallbackModels(Fields fields) {
        Map<String, List<String>> all = new TreeMap<>();
        for (Map.Entry<String, JsonNode> each : patterns(fields, "fallback_models")) {
            List<String> models = new ArrayList<>();
            each.getValue().forEach(model -> models.add(model.asString("")));
            boolean good = each.getValue().isArray()
                    && !models.isEmpty()
                    && models.size() <= MOST_FALLBACKS
                    && models.stream().allMatch(SettingApi::modelName)
                    && !models.contains(each.getKey());
            if (good) {
                all.put(each.getKey(), List.copyOf(models));
            } else {
                fields.wrong("fallback_models", "'" + each.getKey() + "'", Rule.STAND_INS, MOST_FALLBACKS);
            }
        }
        return all;
    }

    private static Map<String, Routing> routing(Fields fields) {
        Map<String, Routing> all = new TreeMap<>();
        for (Map.Entry<String, JsonNode> each : patterns(fields, "routing")) {
            Routing.Strategy strategy =
                    word(Routing.Strategy.class, each.getValue().path("strategy"), Routing.Strategy.ROUND_ROBIN);
            JsonNode said = each.getValue().path("sticky");
            Routing.Sticky sticky = word(Routing.Sticky.class, said, null);
            boolean good = each.getValue().isObject()
                    && (sticky != null || said.isMissingNode() || said.isNull())
                    && Set.of("strategy", "sticky").containsAll(each.getValue().propertyNames());
            if (good && strategy != null) {
                all.put(each.getKey(), new Routing(strategy, sticky));
            } else {
                fields.wrong("routing", "'" + each.getKey() + "'", Rule.ROUTING);
            }
        }
        return all;
    }

    private static Map<String, Caching> responseCache(Fields fields) {
        Map<String, Caching> all = new TreeMap<>();
        for (Map.Entry<String, JsonNode> each : patterns(fields, "response_cache")) {
            JsonNode given = each.getValue();
            JsonNode seconds = given.path("ttl_seconds");
            JsonNode stated = given.path("price_factor");
            Long factor = stated.isMissingNode() || stated.isNull() ? Long.valueOf(0) : Fields.millionths(stated);
            boolean good = given.isObject()
                    && Set.of("ttl_seconds", "price_factor").containsAll(given.propertyNames())
                    && seconds.isIntegralNumber()
                    && seconds.canConvertToInt()
                    && seconds.intValue() >= 1
                    && seconds.intValue() <= TokenApi.LONGEST_TTL;
            if (good && factor != null) {
                all.put(each.getKey(), new Caching(seconds.intValue(), factor));
            } else {
                fields.wrong("response_cache", "'" + each.getKey() + "'", Rule.RESPONSE_CACHE, TokenApi.LONGEST_TTL);
            }
        }
        return all;
    }

    /** What is said by a model's name or a glob. */
    private static Set<Map.Entry<String, JsonNode>> patterns(Fields fields, String field) {
        JsonNode given = fields.raw(field);
        boolean good = given.isObject()
                && given.size() <= MOST_PATTERNS
                && given.propertyNames().stream().allMatch(name -> !name.isBlank() && name.length() <= LONGEST_MODEL);
        if (!good && !given.isMissingNode()) {
            fields.wrong(field, "not shown here", Rule.BY_MODEL, MOST_PATTERNS, LONGEST_MODEL);
        }
        return good ? given.properties() : Set.of();
    }

    private static boolean modelName(String name) {
        return !name.isBlank() && name.length() <= LONGEST_MODEL && name.indexOf('*') < 0;
    }

    private static <E extends Enum<E>> @Nullable E word(Class<E> type, JsonNode value, @Nullable E otherwise) {
        if (value.isMissingNode() || value.isNull()) {
            return otherwise;
        }
        for (E each : type.getEnumConstants()) {
            if (word(each).equals(value.asString(""))) {
                return each;
            }
        }
        return null;
    }
}
