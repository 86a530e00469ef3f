package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.Conflict;
import dev.sluice.access.Operator;
import dev.sluice.database.Changes;
import dev.sluice.database.Database;
import dev.sluice.quota.Price;
import dev.sluice.quota.PriceTable;
import dev.sluice.quota.Prices;
import dev.sluice.wire.Glob;
import dev.sluice.wire.Objection;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
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
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** {@code /api/prices}: the operator's prices over the built-in ones, which are never changed. */
@RestController
@RequestMapping("/api/prices")
@Tag(name = "prices", description = "What models cost, in US dollars")
final class PriceApi {
    private static final Set<String> WRITABLE = Set.of(
            "model",
            "input_usd_per_mtok",
            "cached_input_usd_per_mtok",
            "cache_write_usd_per_mtok",
            "cache_write_1h_usd_per_mtok",
            "output_usd_per_mtok",
            "audio_input_usd_per_mtok",
            "cached_audio_input_usd_per_mtok",
            "audio_output_usd_per_mtok",
            "image_input_usd_per_mtok",
            "image_output_usd_per_mtok",
            "usd_per_call",
            "usd_per_minute",
            "usd_per_mchar",
            "flex_input_usd_per_mtok",
            "flex_output_usd_per_mtok",
            "priority_input_usd_per_mtok",
            "priority_output_usd_per_mtok",
            "long_context_tokens",
            "long_input_usd_per_mtok",
            "long_cached_input_usd_per_mtok",
            "long_output_usd_per_mtok");
    private static final Set<String> READ_ONLY = Set.of("id", "source");
    private static final Trail.Kind<Price> KIND =
            new Trail.Kind<>("price", price -> String.valueOf(price.id()), View::of);

    private final Database database;
    private final Changes changes;
    private final Prices prices;
    private final Trail trail;
    private final Clock clock;

    PriceApi(Database database, Changes changes, Prices prices, Trail trail, Clock clock) {
        this.database = database;
        this.changes = changes;
        this.prices = prices;
        this.trail = trail;
        this.clock = clock;
    }

    /** A price as the API shows it. */
    @Schema(name = "Price")
    record View(
            @Schema(accessMode = Schema.AccessMode.READ_ONLY, description = "null: built in") @Nullable
            Long id,

            @Schema(description = "A name or a glob; the longest match wins")
            String model,

            @Schema(description = "US dollars per million tokens") @JsonProperty("input_usd_per_mtok") @Nullable
            BigDecimal input,

            @Schema(description = "null: as input") @JsonProperty("cached_input_usd_per_mtok") @Nullable
            BigDecimal cachedInput,

            @Schema(description = "null: as input") @JsonProperty("cache_write_usd_per_mtok") @Nullable
            BigDecimal cacheWrite,

            @Schema(description = "Of a cache write kept for an hour; null: as cache_write")
            @JsonProperty("cache_write_1h_usd_per_mtok")
            @Nullable
            BigDecimal hourWrite,

            @JsonProperty("output_usd_per_mtok") @Nullable BigDecimal output,

            @Schema(description = "null: as input") @JsonProperty("audio_input_usd_per_mtok") @Nullable
            BigDecimal audioInput,

            @Schema(description = "null: as audio_input") @JsonProperty("cached_audio_input_usd_per_mtok") @Nullable
            BigDecimal cachedAudioInput,

            @Schema(description = "null: as output") @JsonProperty("audio_output_usd_per_mtok") @Nullable
            BigDecimal audioOutput,

            @Schema(description = "null: as input") @JsonProperty("image_input_usd_per_mtok") @Nullable
            BigDecimal imageInput,

            @Schema(description = "null: as output") @JsonProperty("image_output_usd_per_mtok") @Nullable
            BigDecimal imageOutput,

            @Schema(description = "US dollars per call, beside the tokens") @JsonProperty("usd_per_call") @Nullable
            BigDecimal perCall,

            @Schema(description = "Of a recording, of a vendor that counts its length")
            @JsonProperty("usd_per_minute")
            @Nullable
            BigDecimal perMinute,

            @Schema(description = "Per million characters of a text that is spoken")
            @JsonProperty("usd_per_mchar")
            @Nullable
            BigDecimal perMchar,

            @Schema(description = "Of an answer of the tier flex; null: as input")
            @JsonProperty("flex_input_usd_per_mtok")
            @Nullable
            BigDecimal flexInput,

            @Schema(description = "null: as output") @JsonProperty("flex_output_usd_per_mtok") @Nullable
            BigDecimal flexOutput,

            @Schema(description = "Of an answer of the tier priority; null: as input")
            @JsonProperty("priority_input_usd_per_mtok")
            @Nullable
            BigDecimal priorityInput,

            @Schema(description = "null: as output") @JsonProperty("priority_output_usd_per_mtok") @Nullable
            BigDecimal priorityOutput,

            @Schema(description = "With more prompt tokens than this, the long_ prices hold for the whole call")
            @JsonProperty("long_context_tokens")
            @Nullable
            Long longContextTokens,

            @Schema(description = "null: as input") @JsonProperty("long_input_usd_per_mtok") @Nullable
            BigDecimal longInput,

            @Schema(description = "null: as long_input") @JsonProperty("long_cached_input_usd_per_mtok") @Nullable
            BigDecimal longCachedInput,

            @Schema(description = "null: as output") @JsonProperty("long_output_usd_per_mtok") @Nullable
            BigDecimal longOutput,

            @Schema(
                    accessMode = Schema.AccessMode.READ_ONLY,
                    allowableValues = {"built-in", "operator"})
            String source) {
        static View of(Price price) {
            Price.Text text = price.text();
            Price.Media media = price.media();
            Price.LongContext beyond = price.longContext();
            return new View(
                    price.id(),
                    price.model().pattern(),
                    Views.usdOrNull(text.inputNanos()),
                    Views.usdOrNull(text.cachedInputNanos()),
                    Views.usdOrNull(text.cacheWriteNanos()),
                    Views.usdOrNull(text.hourWriteNanos()),
                    Views.usdOrNull(text.outputNanos()),
                    Views.usdOrNull(media.audioInputNanos()),
                    Views.usdOrNull(media.cachedAudioInputNanos()),
                    Views.usdOrNull(media.audioOutputNanos()),
                    Views.usdOrNull(media.imageInputNanos()),
                    Views.usdOrNull(media.imageOutputNanos()),
                    Views.usdOrNull(price.units().callNanos()),
                    Views.usdOrNull(price.units().minuteNanos()),
                    Views.usdOrNull(price.units().mcharNanos()),
                    Views.usdOrNull(price.tiers().flexInputNanos()),
                    Views.usdOrNull(price.tiers().flexOutputNanos()),
                    Views.usdOrNull(price.tiers().priorityInputNanos()),
                    Views.usdOrNull(price.tiers().priorityOutputNanos()),
                    beyond == null ? null : beyond.moreThanTokens(),
                    Views.usdOrNull(beyond == null ? null : beyond.inputNanos()),
                    Views.usdOrNull(beyond == null ? null : beyond.cachedInputNanos()),
                    Views.usdOrNull(beyond == null ? null : beyond.outputNanos()),
                    price.builtIn() ? "built-in" : "operator");
        }
    }

    @GetMapping
    @Listed({"model", "source"})
    @Operation(summary = "The operator's prices, newest first, then the built-in ones. Filters: model (with *), source")
    Mono<Page.Of<View>> list(@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page = Page.of(query, "model", "source");
        return operators().collectList().map(mine -> {
            List<Price> all = new ArrayList<>(mine);
            all.addAll(prices.builtIn());
            List<View> shown = all.stream()
                    .map(View::of)
                    .filter(view -> wanted(view, page))
                    .toList();
            return page.of(shown, view -> view.source + " " + view.model);
        });
    }

    private static boolean wanted(View view, Page page) {
        String model = page.text("model");
        String source = page.text("source");
        return (model == null || new Glob(model).matches(view.model)) && (source == null || source.equals(view.source));
    }

    private Flux<Price> operators() {
        return database.read(PriceTable::all);
    }

    @GetMapping("/{id}")
    @Operation(summary = "One of the operator's prices")
    Mono<View> get(@PathVariable String id) {
        return find(id).map(View::of);
    }

    @PostMapping(consumes = {"application/json", "application/merge-patch+json"})
    @ResponseStatus(HttpStatus.CREATED)
    @Operation(
            summary = "Sets a price: 201, or 200 when it replaces the operator's own for the same model",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = View.class))))
    Mono<ResponseEntity<View>> set(@AuthenticationPrincipal Operator operator, @RequestBody byte[] body) {
        Fields fields = Fields.read(body, Fields.JSON.createObjectNode(), WRITABLE, READ_ONLY);
        Price draft = price(fields, null);
        return changes.write(
                PriceTable.REVISION,
                client -> PriceTable.of(client, draft.model())
                        .flatMap(before -> PriceTable.update(client, draft.withId(before.id()), clock.millis())
                                .then(PriceTable.of(client, draft.model()))
                                .flatMap(after -> trail.of(operator, KIND)
                                        .saw(client, before, after)
                                        .thenReturn(after))
                                .map(price -> ResponseEntity.ok(View.of(price))))
                        .switchIfEmpty(Mono.defer(() -> PriceTable.insert(client, draft, clock.millis())
                                .flatMap(id -> PriceTable.find(client, id))
                                .flatMap(made -> trail.of(operator, KIND)
                                        .saw(client, null, made)
                                        .thenReturn(made))
                                .map(price -> ResponseEntity.created(URI.create("/api/prices/" + price.id()))
                                        .body(View.of(price))))));
    }

    @PatchMapping(
            path = "/{id}",
            consumes = {"application/json", "application/merge-patch+json"})
    @Operation(
            summary = "Changes one of the operator's prices by a JSON merge patch",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = View.class))))
    Mono<View> change(@AuthenticationPrincipal Operator operator, @PathVariable String id, @RequestBody byte[] body) {
        long number = id(id);
        return changes.write(
                        PriceTable.REVISION,
                        client -> PriceTable.find(client, number)
                                .flatMap(before -> PriceTable.update(client, changed(before, body), clock.millis())
                                        .flatMap(rows -> PriceTable.find(client, number))
                                        .flatMap(after -> trail.of(operator, KIND)
                                                .saw(client, before, after)
                                                .thenReturn(after))))
                .map(View::of)
                .switchIfEmpty(Mono.error(() -> missing(id)));
    }

    @DeleteMapping("/{id}")
    @Operation(summary = "Takes one of the operator's prices away; a built-in one counts again")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> delete(@AuthenticationPrincipal Operator operator, @PathVariable String id) {
        long number = id(id);
        return changes.write(
                        PriceTable.REVISION,
                        client -> PriceTable.find(client, number)
                                .flatMap(before -> PriceTable.delete(client, number)
                                        .then(trail.of(operator, KIND).saw(client, before, null))
                                        .thenReturn(before)))
                .switchIfEmpty(Mono.error(() -> missing(id)))
                .then();
    }

    private static Price changed(Price before, byte[] body) {
        return price(
                Fields.read(body, Rendering.writable(View.of(before), WRITABLE), WRITABLE, READ_ONLY), before.id());
    }

    /** Built-in prices have no id; whoever names one by its model is told why nothing happens. */
    private long id(String id) {
        if (prices.builtIn().stream().anyMatch(price -> price.model().pattern().equals(id))) {
            throw new Conflict(
                    Objection.BUILT_IN_PRICE,
                    "Built-in prices are not changed, only overridden: POST a price for the same model.");
        }
        return Rendering.id(id, "price");
    }

    private Mono<Price> find(String id) {
        return database.read(client ->
                        PriceTable.find(client, Rendering.id(id, "price")).flux())
                .next()
                .switchIfEmpty(Mono.error(() -> missing(id)));
    }

    private static Problems.NotFound missing(String id) {
        return new Problems.NotFound("There is no price " + id + " of the operator's.");
    }

    private static Price price(Fields fields, @Nullable Long id) {
        String model = fields.text("model", 200);
        if (model == null || model.isBlank()) {
            fields.wrong("model", "absent", Rule.MODEL);
        }
        Price price = new Price(
                id,
                new Glob(model == null ? "" : model.strip()),
                new Price.Text(
                        fields.usd("input_usd_per_mtok"),
                        fields.usd("cached_input_usd_per_mtok"),
                        fields.usd("cache_write_usd_per_mtok"),
                        fields.usd("cache_write_1h_usd_per_mtok"),
                        fields.usd("output_usd_per_mtok")),
                new Price.Media(
                        fields.usd("audio_input_usd_per_mtok"),
                        fields.usd("cached_audio_input_usd_per_mtok"),
                        fields.usd("audio_output_usd_per_mtok"),
                        fields.usd("image_input_usd_per_mtok"),
                        fields.usd("image_output_usd_per_mtok")),
                new Price.Units(fields.usd("usd_per_call"), fields.usd("usd_per_minute"), fields.usd("usd_per_mchar")),
                new Price.Tiers(
                        fields.usd("flex_input_usd_per_mtok"),
                        fields.usd("flex_output_usd_per_mtok"),
                        fields.usd("priority_input_usd_per_mtok"),
                        fields.usd("priority_output_usd_per_mtok")),
                longContext(fields),
                false);
        if (price.text().inputNanos() == null
                && price.text().outputNanos() == null
                && price.units().equals(Price.Units.NONE)) {
            fields.wrong("input_usd_per_mtok", "absent", Rule.PRICE);
        }
        Price.Tiers tiers = price.tiers();
        needs(
                fields,
                "input_usd_per_mtok",
                price.text().inputNanos(),
                tiers.flexInputNanos(),
                tiers.priorityInputNanos());
        needs(
                fields,
                "output_usd_per_mtok",
                price.text().outputNanos(),
                tiers.flexOutputNanos(),
                tiers.priorityOutputNanos());
        fields.check();
        return price;
    }

    /** Caching and long contexts follow a tier's price by how it stands to the plain one. */
    private static void needs(
            Fields fields, String name, @Nullable Long plain, @Nullable Long flex, @Nullable Long priority) {
        if (plain == null && (flex != null || priority != null)) {
            fields.wrong(name, "absent", Rule.PLAIN_PRICE);
        }
    }

    private static Price.@Nullable LongContext longContext(Fields fields) {
        Integer tokens = fields.limit("long_context_tokens", Integer.MAX_VALUE);
        Long input = fields.usd("long_input_usd_per_mtok");
        Long cached = fields.usd("long_cached_input_usd_per_mtok");
        Long output = fields.usd("long_output_usd_per_mtok");
        if (tokens == null && (input != null || cached != null || output != null)) {
            fields.wrong("long_context_tokens", "absent", Rule.LONG_TOKENS);
        }
        if (tokens != null && input == null && output == null) {
            fields.wrong("long_input_usd_per_mtok", "absent", Rule.LONG_PRICE);
        }
        return tokens == null ? null : new Price.LongContext(tokens, input, cached, output);
    }
}
