package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.Operator;
import dev.sluice.credit.CodeText;
import dev.sluice.credit.RedemptionCode;
import dev.sluice.credit.RedemptionCodes;
import dev.sluice.database.Where;
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
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code /api/redemption-codes}: codes that users redeem for credit; the codes themselves are shown once. */
@RestController
@RequestMapping("/api/redemption-codes")
@Tag(name = "redemption codes", description = "Codes that users redeem for credit, each once")
final class RedemptionCodeApi {
    private static final Set<String> WRITABLE = Set.of("name", "amount_usd", "count", "expires_at");
    private static final int MOST = 1_000;

    private final RedemptionCodes codes;
    private final Trail trail;
    private final Clock clock;

    RedemptionCodeApi(RedemptionCodes codes, Trail trail, Clock clock) {
        this.codes = codes;
        this.trail = trail;
        this.clock = clock;
    }

    /** A code as the API shows it. */
    @Schema(name = "RedemptionCode")
    record View(
            long id,
            String name,
            @JsonProperty("code_hint") String codeHint,
            @JsonProperty("amount_usd") BigDecimal amountUsd,

            @Schema(allowableValues = {"unused", "used", "expired"})
            String state,

            @Schema(description = "null: never") @JsonProperty("expires_at") @Nullable
            Instant expiresAt,

            @JsonProperty("made_by_user_id") long madeBy,
            @JsonProperty("redeemed_by_user_id") @Nullable Long redeemedBy,
            @JsonProperty("redeemed_at") @Nullable Instant redeemedAt,
            @JsonProperty("created_at") Instant createdAt) {
        static View of(RedemptionCode code, long now) {
            return new View(
                    code.id(),
                    code.name(),
                    code.hint(),
                    Views.usd(code.amountNanos()),
                    code.state(now).name().toLowerCase(Locale.ROOT),
                    Views.timeOrNull(code.expiresAt()),
                    code.madeBy(),
                    code.redeemedBy(),
                    Views.timeOrNull(code.redeemedAt()),
                    Views.time(code.createdAt()));
        }
    }

    /** What codes are made of. */
    @Schema(name = "NewRedemptionCodes")
    record Draft(
            @Schema(requiredMode = Schema.RequiredMode.REQUIRED)
            String name,

            @Schema(
                    description = "US dollars that each is worth, more than 0",
                    requiredMode = Schema.RequiredMode.REQUIRED)
            @JsonProperty("amount_usd")
            BigDecimal amountUsd,

            @Schema(description = "1 to 1000", defaultValue = "1")
            int count,

            @Schema(description = "null: never") @JsonProperty("expires_at") @Nullable
            Instant expiresAt) {}

    /** Codes just made. */
    @Schema(name = "MadeRedemptionCodes")
    record Made(
            @Schema(description = "The codes themselves, this once")
            List<String> codes,

            @Schema(description = "What is kept of them, in the same order")
            List<View> data) {}

    @GetMapping
    @Listed({"name", "state"})
    @Operation(summary = "Codes, newest first. Filters: name (with *), state (unused, used, expired)")
    Mono<Page.Of<View>> list(@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page = Page.of(query, "name", "state");
        long now = clock.millis();
        Where where = new Where().like("name", page.text("name")).below("id", page.afterId());
        String state = page.text("state");
        if (state != null) {
            RedemptionCodes.in(state(state), where, now);
        }
        return page.of(
                codes.list(where, page.limit() + 1), code -> Long.toString(code.id()), code -> View.of(code, now));
    }

    private static RedemptionCode.State state(String text) {
        try {
            return RedemptionCode.State.valueOf(text.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw Invalid.field("state", Rule.CODE_STATE, Rule.CODE_STATE.message(text));
        }
    }

    @GetMapping("/{id}")
    @Operation(summary = "One code, without the code itself")
    Mono<View> get(@PathVariable String id) {
        long number = Rendering.id(id, "redemption code");
        return codes.list(new Where().equal("id", number), 1)
                .next()
                .map(code -> View.of(code, clock.millis()))
                .switchIfEmpty(Mono.error(() -> missing(id)));
    }

    @PostMapping(consumes = "application/json")
    @Operation(
            summary = "Makes codes; the answer holds them, this once",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = Draft.class))))
    @ResponseStatus(HttpStatus.CREATED)
    Mono<ResponseEntity<Made>> make(@AuthenticationPrincipal Operator operator, @RequestBody byte[] body) {
        Fields fields = Fields.read(body, Fields.JSON.createObjectNode(), WRITABLE, Set.of());
        long now = clock.millis();
        int count = fields.whole("count", 1, 1, MOST);
        RedemptionCode draft = draft(fields, operator, now);
        return codes.make(draft, count, trail.of(operator, batch(count)))
                .map(made -> ResponseEntity.created(URI.create("/api/redemption-codes/"
                                + made.getFirst().code().id()))
                        .body(new Made(
                                made.stream()
                                        .map(RedemptionCodes.Made::text)
                                        .map(CodeText::text)
                                        .toList(),
                                made.stream()
                                        .map(each -> View.of(each.code(), now))
                                        .toList())));
    }

    private static RedemptionCode draft(Fields fields, Operator operator, long now) {
        Long amount = fields.usd("amount_usd");
        if (!fields.has("amount_usd") || amount != null && amount == 0) {
            fields.wrong("amount_usd", amount == null ? "absent" : "0", Rule.DOLLARS_ABOVE_ZERO);
        }
        Long expiresAt = fields.time("expires_at");
        if (expiresAt != null && expiresAt <= now) {
            fields.wrong("expires_at", Views.time(expiresAt).toString(), Rule.TIME_TO_COME);
        }
        String name = fields.name("name");
        fields.check();
        return new RedemptionCode(
                0,
                name,
                "",
                amount == null ? 0 : amount,
                expiresAt,
                operator.user().id(),
                null,
                null,
                now);
    }

    /** Codes made together are one entry of the audit. */
    private static Trail.Kind<List<RedemptionCode>> batch(int count) {
        return new Trail.Kind<>(
                "redemption_code",
                made -> made.getFirst().id()
                        + (count == 1 ? "" : "-" + made.getLast().id()),
                made -> new Draft(
                        made.getFirst().name(),
                        Views.usd(made.getFirst().amountNanos()),
                        count,
                        Views.timeOrNull(made.getFirst().expiresAt())));
    }

    @DeleteMapping("/{id}")
    @Operation(summary = "Takes an unused code away")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> delete(@AuthenticationPrincipal Operator operator, @PathVariable String id) {
        Trail.Kind<RedemptionCode> kind = new Trail.Kind<>(
                "redemption_code", code -> Long.toString(code.id()), code -> View.of(code, clock.millis()));
        return codes.delete(Rendering.id(id, "redemption code"), trail.of(operator, kind))
                .switchIfEmpty(Mono.error(() -> missing(id)))
                .then();
    }

    private static Problems.NotFound missing(String id) {
        return new Problems.NotFound("There is no redemption code " + id + ".");
    }
}
