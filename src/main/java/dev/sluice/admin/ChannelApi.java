package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.Operator;
import dev.sluice.channel.Channel;
import dev.sluice.channel.ChannelTable;
import dev.sluice.channel.Channels;
import dev.sluice.channel.Timeouts;
import dev.sluice.database.Changes;
import dev.sluice.database.Database;
import dev.sluice.database.Where;
import dev.sluice.wire.Limits;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
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
import tools.jackson.databind.node.ObjectNode;

/** {@code /api/channels}: the upstream accounts. */
@RestController
@RequestMapping("/api/channels")
@Tag(name = "channels", description = "Upstream accounts: where calls go")
final class ChannelApi {
    private final Database database;
    private final Changes changes;
    private final ChannelTable table;
    private final Channels channels;
    private final ChannelForm form;
    private final Trail trail;
    private final Clock clock;

    ChannelApi(
            Database database,
            Changes changes,
            ChannelTable table,
            Channels channels,
            ChannelForm form,
            Trail trail,
            Clock clock) {
        this.database = database;
        this.changes = changes;
        this.table = table;
        this.channels = channels;
        this.form = form;
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
        Fields fields = Fields.read(body, Fields.JSON.createObjectNode(), ChannelForm.WRITABLE, ChannelForm.READ_ONLY);
        long now = clock.millis();
        Channel draft = form.channel(fields, 0, List.of(), now);
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
        ObjectNode there = Rendering.writable(view(before), ChannelForm.WRITABLE);
        Fields fields = Fields.read(body, there, ChannelForm.WRITABLE, ChannelForm.READ_ONLY);
        return form.channel(fields, before.id(), before.keys(), before.createdAt());
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

    Mono<Channel> find(String id) {
        return database.read(client ->
                        table.find(client, Rendering.id(id, "channel")).flux())
                .next()
                .switchIfEmpty(Mono.error(() -> missing(id)));
    }

    private static Problems.NotFound missing(String id) {
        return new Problems.NotFound("There is no channel " + id + ".");
    }
}
