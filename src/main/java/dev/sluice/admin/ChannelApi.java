package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.Groups;
import dev.sluice.access.Operator;
import dev.sluice.channel.Channel;
import dev.sluice.channel.ChannelTable;
import dev.sluice.channel.Channels;
import dev.sluice.channel.Probe;
import dev.sluice.channel.Timeouts;
import dev.sluice.database.Changes;
import dev.sluice.database.Database;
import dev.sluice.database.Where;
import dev.sluice.vendor.CatalogEntry;
import dev.sluice.vendor.Vendors;
import dev.sluice.wire.Limits;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /api/channels}: the upstream accounts. */
@RestController
@RequestMapping("/api/channels")
@Tag(name = "channels", description = "Upstream accounts: where calls go")
final class ChannelApi {
    private static final Set<String> WRITABLE = Set.of(
            "name",
            "vendor",
            "base_url",
            "keys",
            "models",
            "model_mapping",
            "groups",
            "priority",
            "weight",
            "enabled",
            "headers",
            "options",
            "limits",
            "key_limits",
            "timeouts",
            "price_factor",
            "tags");
    private static final Set<String> READ_ONLY = Set.of("id", "key_hints", "health", "created_at", "updated_at");

    /** The gateway's own, or such as make a request mean something else. */
    private static final Set<String> FORBIDDEN_HEADERS = Set.of(
            "host",
            "content-length",
            "content-type",
            "transfer-encoding",
            "connection",
            "keep-alive",
            "upgrade",
            "te",
            "trailer",
            "proxy-connection",
            "expect",
            "accept-encoding");

    private static final int LONGEST_WAIT_MS = 3_600_000;

    private final Database database;
    private final Changes changes;
    private final ChannelTable table;
    private final Channels channels;
    private final Probe probe;
    private final Vendors vendors;
    private final Groups groups;
    private final Trail trail;
    private final Clock clock;

    ChannelApi(
            Database database,
            Changes changes,
            ChannelTable table,
            Channels channels,
            Probe probe,
            Vendors vendors,
            Groups groups,
            Trail trail,
            Clock clock) {
        this.database = database;
        this.changes = changes;
        this.table = table;
        this.channels = channels;
        this.probe = probe;
        this.vendors = vendors;
        this.groups = groups;
        this.trail = trail;
        this.clock = clock;
    }

    /** How a channel is doing. */
    @Schema(name = "Health")
    record HealthView(
            @Schema(allowableValues = {"ok", "cooling", "probing", "off"})
            String state,

            @Nullable String reason,
            @JsonProperty("retry_at") @Nullable Instant retryAt,

            @Schema(description = "Share of the last attempts that failed, 0 to 1") @JsonProperty("error_rate")
            double errorRate,

            @Schema(description = "Time to first token of streams, milliseconds, smoothed")
            @JsonProperty("ttft_ms")
            @Nullable
            Long ttftMs,

            @Schema(description = "The same of each key, in the order of key_hints; absent in those themselves")
            @JsonProperty("by_key")
            @JsonInclude(JsonInclude.Include.NON_NULL)
            @Nullable
            List<HealthView> byKey) {

        static HealthView of(Channels.@Nullable HealthView health) {
            return health == null
                    ? new HealthView("off", "starting", null, 0, null, List.of())
                    : new HealthView(
                            health.state(),
                            health.reason(),
                            Views.timeOrNull(health.retryAt()),
                            health.errorRate(),
                            health.ttftMs(),
                            health.byKey().stream().map(HealthView::ofKey).toList());
        }

        private static HealthView ofKey(Channels.HealthView key) {
            return new HealthView(
                    key.state(), key.reason(), Views.timeOrNull(key.retryAt()), key.errorRate(), key.ttftMs(), null);
        }
    }

    /** Waiting times as the API shows them. */
    @Schema(name = "Timeouts", description = "Milliseconds; null: the gateway's default")
    record TimeoutsView(
            @JsonProperty("connect_ms") @Nullable Integer connectMs,
            @JsonProperty("first_byte_ms") @Nullable Integer firstByteMs,
            @JsonProperty("idle_ms") @Nullable Integer idleMs,
            @JsonProperty("total_ms") @Nullable Integer totalMs) {}

    /** A channel as the API shows it: never with its keys. */
    @Schema(name = "Channel")
    record View(
            @Schema(accessMode = Schema.AccessMode.READ_ONLY)
            long id,

            String name,
            @Schema(description = "An id of /api/vendors") String vendor,

            @Schema(description = "With or without /v1; default: the catalog's") @JsonProperty("base_url")
            String baseUrl,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("key_hints")
            List<String> keyHints,

            @Schema(description = "Names or globs, matched before mapping")
            List<String> models,

            @Schema(description = "From the caller's name to the vendor's") @JsonProperty("model_mapping")
            Map<String, String> modelMapping,

            @Schema(defaultValue = "[\"default\"]") Set<String> groups,

            @Schema(description = "The highest goes first", defaultValue = "0")
            int priority,

            @Schema(description = "Share within a priority, 1 to 1000", defaultValue = "1")
            int weight,

            @Schema(defaultValue = "true") boolean enabled,
            @Schema(description = "Sent with each request") Map<String, String> headers,

            @Schema(description = "The vendor's own, such as api_version")
            Map<String, String> options,

            Limits limits,

            @Schema(description = "Of each key by itself, beside those of the channel") @JsonProperty("key_limits")
            Limits keyLimits,

            TimeoutsView timeouts,

            @Schema(defaultValue = "1") @JsonProperty("price_factor")
            BigDecimal priceFactor,

            List<String> tags,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY)
            HealthView health,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("created_at")
            Instant createdAt,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("updated_at")
            Instant updatedAt) {}

    /** What a channel is made of: as it is shown, and its keys. */
    @Schema(name = "NewChannel")
    interface Draft {
        @Schema(description = "Channel keys: a list, or one text with a key a line", writeOnly = true)
        List<String> keys();
    }

    private View view(Channel channel) {
        Timeouts timeouts = channel.timeouts();
        return new View(
                channel.id(),
                channel.name(),
                channel.vendor(),
                channel.baseUrl(),
                channel.keys().stream().map(ChannelTable::hint).toList(),
                Views.patterns(channel.models()),
                channel.modelMapping(),
                channel.groups(),
                channel.priority(),
                channel.weight(),
                channel.enabled(),
                channel.headers(),
                channel.options(),
                channel.limits(),
                channel.keyLimits(),
                new TimeoutsView(timeouts.connectMs(), timeouts.firstByteMs(), timeouts.idleMs(), timeouts.totalMs()),
                Views.factor(channel.priceFactorMillionths()),
                channel.tags(),
                HealthView.of(channels.health(channel.id())),
                Views.time(channel.createdAt()),
                Views.time(channel.updatedAt()));
    }

    @GetMapping
    @Listed({"name", "vendor", "enabled", "priority"})
    @Operation(summary = "Channels, newest first. Filters: name (with *), vendor, enabled, priority")
    Mono<Page.Of<View>> list(@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page = Page.of(query, "name", "vendor", "enabled", "priority");
        Where where = new Where()
                .like("name", page.text("name"))
                .equal("vendor", page.text("vendor"))
                .equal("enabled", page.flag("enabled"))
                .equal("priority", page.number("priority"))
                .below("id", page.afterId());
        return page.of(
                database.read(client -> table.list(client, where, page.limit() + 1)),
                channel -> Long.toString(channel.id()),
                this::view);
    }

    @GetMapping("/{id}")
    @Operation(summary = "One channel")
    Mono<View> get(@PathVariable String id) {
        return find(id).map(this::view);
    }

    @PostMapping(consumes = {"application/json", "application/merge-patch+json"})
    @Operation(
            summary = "Adds a channel; its keys are write only",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(allOf = {View.class, Draft.class}))))
    @ResponseStatus(HttpStatus.CREATED)
    Mono<ResponseEntity<View>> make(@AuthenticationPrincipal Operator operator, @RequestBody byte[] body) {
        Fields fields = Fields.read(body, Fields.JSON.createObjectNode(), WRITABLE, READ_ONLY);
        long now = clock.millis();
        Channel draft = channel(fields, 0, List.of(), now);
        return changes.write(
                        ChannelTable.REVISION,
                        client -> table.insert(client, draft)
                                .flatMap(id -> table.find(client, id))
                                .flatMap(made ->
                                        saw(client, operator, null, made).thenReturn(made)))
                .map(channel -> ResponseEntity.created(URI.create("/api/channels/" + channel.id()))
                        .body(view(channel)));
    }

    @PatchMapping(
            path = "/{id}",
            consumes = {"application/json", "application/merge-patch+json"})
    @Operation(
            summary = "Changes a channel by a JSON merge patch; without keys it keeps them",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(allOf = {View.class, Draft.class}))))
    Mono<View> change(@AuthenticationPrincipal Operator operator, @PathVariable String id, @RequestBody byte[] body) {
        long number = Rendering.id(id, "channel");
        return changes.write(
                        ChannelTable.REVISION,
                        client -> table.find(client, number)
                                .flatMap(before -> table.update(client, changed(before, body))
                                        .flatMap(rows -> table.find(client, number))
                                        .flatMap(after -> saw(client, operator, before, after)
                                                .thenReturn(after))))
                .map(this::view)
                .switchIfEmpty(Mono.error(() -> missing(id)));
    }

    /** Of the keys only that they changed is said. */
    private Mono<Void> saw(
            DatabaseClient client, Operator operator, @Nullable Channel before, @Nullable Channel after) {
        Trail.Kind<Channel> kind = new Trail.Kind<>("channel", channel -> Long.toString(channel.id()), this::view);
        List<String> keys = before == null ? List.of() : before.keys();
        boolean same = after == null || after.keys().equals(keys);
        return (same ? trail.of(operator, kind) : trail.of(operator, kind, "keys")).saw(client, before, after);
    }

    private Channel changed(Channel before, byte[] body) {
        ObjectNode there = Rendering.writable(view(before), WRITABLE);
        Fields fields = Fields.read(body, there, WRITABLE, READ_ONLY);
        return channel(fields, before.id(), before.keys(), before.createdAt());
    }

    @DeleteMapping("/{id}")
    @Operation(summary = "Deletes a channel; its calls stay in the ledger")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> delete(@AuthenticationPrincipal Operator operator, @PathVariable String id) {
        long number = Rendering.id(id, "channel");
        return changes.write(
                        ChannelTable.REVISION,
                        client -> table.find(client, number)
                                .flatMap(before -> table.delete(client, number)
                                        .then(saw(client, operator, before, null))
                                        .thenReturn(before)))
                .switchIfEmpty(Mono.error(() -> missing(id)))
                .then();
    }

    /** What a test call asks for. */
    @Schema(name = "ChannelTestAsk")
    record TestAsk(
            @Schema(description = "As the caller would name it; default: the channel's first") @Nullable
            String model,

            @Schema(defaultValue = "false") boolean stream) {}

    /** What became of a test call. */
    @Schema(name = "ChannelTest")
    record TestView(
            boolean ok,
            String model,
            @Nullable Integer status,
            @JsonProperty("latency_ms") long latencyMs,
            @JsonProperty("ttft_ms") @Nullable Long ttftMs,
            @Nullable String error,

            @Schema(description = "The first 200 characters of what the model said; null: no words") @Nullable
            String answer) {

        static TestView of(Probe.Result result) {
            return new TestView(
                    result.ok(),
                    result.model(),
                    result.status(),
                    result.latencyMs(),
                    result.ttftMs(),
                    result.error(),
                    result.answer());
        }
    }

    @PostMapping("/{id}/test")
    @Operation(
            summary = "Makes a smallest possible call, which is not metered",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = TestAsk.class))))
    Mono<TestView> test(@PathVariable String id, @RequestBody(required = false) byte @Nullable [] body) {
        boolean empty = body == null || body.length == 0;
        Fields fields = Fields.read(
                empty ? "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8) : body,
                Fields.JSON.createObjectNode(),
                Set.of("model", "stream"),
                Set.of());
        String model = fields.text("model", 200);
        boolean stream = fields.flag("stream", false);
        fields.check();
        return find(id).flatMap(channel -> probe.test(channel, model, stream)).map(TestView::of);
    }

    @PostMapping("/{id}/models")
    @Operation(summary = "The models that the vendor lists for this account")
    Mono<Map<String, List<String>>> models(@PathVariable String id) {
        return find(id).flatMap(probe::models).map(names -> Map.of("models", names));
    }

    @PostMapping("/{id}/balance")
    @Operation(summary = "What the vendor says is left of this account, by its first key")
    Mono<Probe.Balance> balance(@PathVariable String id) {
        return find(id).flatMap(probe::balance);
    }

    /** A channel that is not saved yet, and what to try it with. */
    @Schema(name = "ChannelDraft")
    record Unsaved(
            @Schema(description = "As for POST; with the id of a channel and without keys, that channel's keys")
            View channel,

            @Schema(description = "As the caller would name it; default: the channel's first") @Nullable
            String model,

            @Schema(defaultValue = "false") boolean stream) {}

    @PostMapping(path = "/test", consumes = "application/json")
    @Operation(
            summary = "Tries a channel before it is saved, as /{id}/test does",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = Unsaved.class))))
    Mono<TestView> testDraft(@RequestBody byte[] body) {
        Fields fields =
                Fields.read(body, Fields.JSON.createObjectNode(), Set.of("channel", "model", "stream"), Set.of());
        String model = fields.text("model", 200);
        boolean stream = fields.flag("stream", false);
        fields.check();
        return draft(fields.raw("channel"))
                .flatMap(channel -> probe.test(channel, model, stream))
                .map(TestView::of);
    }

    @PostMapping(path = "/models", consumes = "application/json")
    @Operation(
            summary = "The models that the vendor lists, for a channel that is not saved yet",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = Unsaved.class))))
    Mono<Map<String, List<String>>> modelsOfDraft(@RequestBody byte[] body) {
        Fields fields = Fields.read(body, Fields.JSON.createObjectNode(), Set.of("channel"), Set.of());
        return draft(fields.raw("channel")).flatMap(probe::models).map(names -> Map.of("models", names));
    }

    /** What is not filled in yet is no fault of a draft: name and models may be absent or empty. */
    private Mono<Channel> draft(JsonNode given) {
        ObjectNode filled = Fields.JSON.createObjectNode().put("name", "draft");
        filled.putArray("models").add("*");
        ObjectNode draft = given instanceof ObjectNode object ? object : Fields.JSON.createObjectNode();
        if (draft.path("name").asString("").isBlank()) {
            draft.remove("name");
        }
        if (draft.path("models").isEmpty()) {
            draft.remove("models");
        }
        byte[] json = Fields.JSON.writeValueAsBytes(draft);
        Fields fields = Fields.read(json, filled, WRITABLE, READ_ONLY);
        long id = draft.path("id").asLong(0);
        if (fields.has("keys") || id == 0) {
            return Mono.just(channel(fields, 0, List.of(), clock.millis()));
        }
        return find(Long.toString(id)).map(saved -> channel(fields, 0, saved.keys(), clock.millis()));
    }

    private Mono<Channel> find(String id) {
        return database.read(client ->
                        table.find(client, Rendering.id(id, "channel")).flux())
                .next()
                .switchIfEmpty(Mono.error(() -> missing(id)));
    }

    private static Problems.NotFound missing(String id) {
        return new Problems.NotFound("There is no channel " + id + ".");
    }

    private Channel channel(Fields fields, long id, List<String> keysBefore, long createdAt) {
        String vendor = String.valueOf(fields.text("vendor", 64));
        CatalogEntry entry = vendors.find(vendor);
        if (entry == null) {
            fields.wrong("vendor", "'" + vendor + "'", Rule.VENDOR);
        }
        Channel channel = new Channel(
                id,
                fields.name("name"),
                vendor,
                baseUrl(fields, entry),
                fields.has("keys") ? keys(fields) : fields.cleared("keys") ? List.of() : keysBefore,
                fields.globs("models"),
                fields.map("model_mapping", 200),
                groups(fields),
                fields.whole("priority", 0, -1_000_000, 1_000_000),
                fields.whole("weight", 1, 1, 1000),
                fields.flag("enabled", true),
                headers(fields),
                options(fields),
                fields.limits("limits"),
                fields.limits("key_limits"),
                fields.object(
                        "timeouts", Set.of("connect_ms", "first_byte_ms", "idle_ms", "total_ms"), ChannelApi::timeouts),
                fields.factor("price_factor"),
                fields.texts("tags", 50),
                createdAt,
                clock.millis());
        if (channel.models().isEmpty()) {
            fields.wrong("models", "is empty", Rule.MODELS);
        }
        fields.check();
        return channel;
    }

    private static Timeouts timeouts(Fields fields) {
        return new Timeouts(
                fields.limit("connect_ms", LONGEST_WAIT_MS),
                fields.limit("first_byte_ms", LONGEST_WAIT_MS),
                fields.limit("idle_ms", LONGEST_WAIT_MS),
                fields.limit("total_ms", LONGEST_WAIT_MS));
    }

    private static List<String> keys(Fields fields) {
        JsonNode given = fields.raw("keys");
        List<String> keys = given.isString() && !document(given)
                ? given.asString()
                        .lines()
                        .map(String::strip)
                        .filter(line -> !line.isEmpty())
                        .toList()
                : document(given) || document(given.path(0)) ? documents(fields, given) : fields.texts("keys", 10_000);
        if (keys.stream().anyMatch(key -> key.chars().anyMatch(c -> c < ' ' || c > 126))) {
            fields.wrong("keys", "hold characters that cannot stand in a header", Rule.KEYS);
        }
        return keys.stream().distinct().toList();
    }

    private static boolean document(JsonNode key) {
        return key.isString() && key.asString().strip().startsWith("{");
    }

    /** Keys that are JSON documents, as Google's are: they may be written over several lines. */
    private static List<String> documents(Fields fields, JsonNode given) {
        List<String> keys = new ArrayList<>();
        for (JsonNode key : given.isArray() ? given : List.of(given)) {
            String text = document(key) ? key.asString().strip().replaceAll("[\\r\\n\\t]+", " ") : "";
            if (text.isEmpty() || text.length() > 10_000) {
                fields.wrong("keys", "not shown here", Rule.KEY_DOCUMENTS);
                return List.of();
            }
            keys.add(text);
        }
        return keys;
    }

    private Map<String, String> options(Fields fields) {
        Map<String, String> options = fields.map("options", 2_000);
        String fault = vendors.fault(options);
        if (fault != null) {
            fields.fault("options", Rule.OPTIONS, fault);
        }
        return options;
    }

    private Set<String> groups(Fields fields) {
        Set<String> names =
                new LinkedHashSet<>(fields.has("groups") ? fields.texts("groups", 64) : List.of(Groups.DEFAULT));
        if (names.isEmpty()) {
            fields.wrong("groups", "is empty", Rule.GROUPS);
        }
        for (String name : names) {
            if (groups.find(name) == null) {
                fields.wrong("groups", "'" + name + "'", Rule.GROUP);
            }
        }
        return names;
    }

    private static Map<String, String> headers(Fields fields) {
        Map<String, String> headers = fields.map("headers", 4_000);
        headers.forEach((name, value) -> {
            if (!name.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]+")
                    || FORBIDDEN_HEADERS.contains(name.toLowerCase(Locale.ROOT))) {
                fields.wrong("headers", "'" + name + "'", Rule.HEADER_NAMES);
            }
            if (value.chars().anyMatch(c -> c < ' ' || c > 126)) {
                fields.fault("headers", Rule.HEADER_VALUES, "the value of '" + name + "' is not printable ASCII");
            }
        });
        return headers;
    }

    private String baseUrl(Fields fields, @Nullable CatalogEntry entry) {
        String given = fields.text("base_url", 1_000);
        String url = given == null || given.isBlank() ? (entry == null ? "" : entry.baseUrl()) : given.strip();
        if (url == null || url.isEmpty()) {
            if (entry != null) {
                fields.fault(
                        "base_url",
                        Rule.BASE_URL_NEEDED,
                        "is absent (expected: a URL, since the catalog has none for '" + entry.id() + "')");
            }
            return "";
        }
        try {
            URI uri = new URI(url.replaceAll("\\{[a-z_]+}", "x"));
            boolean good = ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getPort() <= 65_535
                    && uri.getRawUserInfo() == null
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null;
            if (good && vendors.refuses(uri.getHost())) {
                fields.fault(
                        "base_url",
                        Rule.BASE_URL_PUBLIC,
                        "'" + url + "' is a private or local address (expected: a public one;"
                                + " SLUICE_ALLOW_PRIVATE_UPSTREAMS is false)");
                return "";
            }
            if (good) {
                return url.replaceAll("/+$", "");
            }
        } catch (URISyntaxException e) {
            // said below
        }
        fields.wrong("base_url", "'" + url + "'", Rule.BASE_URL);
        return "";
    }
}
