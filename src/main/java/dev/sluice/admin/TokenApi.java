package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.Cidr;
import dev.sluice.access.Operator;
import dev.sluice.access.Renewal;
import dev.sluice.access.Role;
import dev.sluice.access.Token;
import dev.sluice.access.Tokens;
import dev.sluice.access.User;
import dev.sluice.access.Users;
import dev.sluice.database.Where;
import dev.sluice.wire.Limits;
import dev.sluice.wire.Objection;
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
import reactor.core.publisher.Mono;

/** {@code /api/tokens}: the credentials of callers. */
@RestController
@RequestMapping("/api/tokens")
@Tag(name = "tokens", description = "What callers call with")
final class TokenApi {
    private static final Set<String> WRITABLE = Set.of(
            "name",
            "user_id",
            "enabled",
            "expires_at",
            "quota_usd",
            "quota_period",
            "time_zone",
            "models",
            "allowed_ips",
            "limits",
            "cache_ttl_seconds");
    private static final Set<String> READ_ONLY = Set.of(
            "id",
            "key",
            "key_hint",
            "used_usd",
            "period_used_usd",
            "period_ends_at",
            "last_used_at",
            "created_at",
            "updated_at");

    /** Thirty days; what is older is hardly asked for again in the same words. */
    static final int LONGEST_TTL = 2_592_000;

    private static final Trail.Kind<Token> KIND =
            new Trail.Kind<>("token", token -> Long.toString(token.id()), token -> View.of(token, null, 0));

    private final Tokens tokens;
    private final Users users;
    private final Trail trail;
    private final Clock clock;

    TokenApi(Tokens tokens, Users users, Trail trail, Clock clock) {
        this.tokens = tokens;
        this.users = users;
        this.trail = trail;
        this.clock = clock;
    }

    /** A token as the API shows it. */
    @Schema(name = "Token")
    record View(
            @Schema(accessMode = Schema.AccessMode.READ_ONLY)
            long id,

            @Schema(description = "1 to 100 characters", requiredMode = Schema.RequiredMode.REQUIRED)
            String name,

            @Schema(
                    accessMode = Schema.AccessMode.READ_ONLY,
                    description = "The key itself, only in the answer to POST")
            @JsonInclude(JsonInclude.Include.NON_NULL)
            @Nullable
            String key,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("key_hint")
            String keyHint,

            @Schema(description = "The owner; default: who makes it") @JsonProperty("user_id")
            long userId,

            @Schema(defaultValue = "true") boolean enabled,

            @Schema(description = "null: never") @JsonProperty("expires_at") @Nullable
            Instant expiresAt,

            @Schema(description = "US dollars; null: unlimited") @JsonProperty("quota_usd") @Nullable
            BigDecimal quotaUsd,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("used_usd")
            BigDecimal usedUsd,

            @Schema(
                    description = "How often the quota begins anew, by the calendar of time_zone",
                    allowableValues = {"none", "day", "week", "month"},
                    defaultValue = "none")
            @JsonProperty("quota_period")
            String quotaPeriod,

            @Schema(description = "An IANA name, such as Europe/Berlin", defaultValue = "UTC")
            @JsonProperty("time_zone")
            String timeZone,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY, description = "What counts against the quota now")
            @JsonProperty("period_used_usd")
            BigDecimal periodUsedUsd,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY, description = "null: the quota is for good")
            @JsonProperty("period_ends_at")
            @Nullable
            Instant periodEndsAt,

            @Schema(description = "Names or globs; empty: all")
            List<String> models,

            @Schema(description = "Addresses or CIDRs; empty: all") @JsonProperty("allowed_ips")
            List<String> allowedIps,

            Limits limits,

            @Schema(
                    description =
                            "How long answers are kept for whoever asks the same again, up to 2592000; 0: not at all;"
                                    + " null: as the settings say of the model")
            @JsonProperty("cache_ttl_seconds")
            @Nullable
            Integer cacheTtlSeconds,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("last_used_at") @Nullable
            Instant lastUsedAt,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("created_at")
            Instant createdAt,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("updated_at")
            Instant updatedAt) {

        static View of(Token token, @Nullable String key, long now) {
            return new View(
                    token.id(),
                    token.name(),
                    key,
                    token.keyHint(),
                    token.userId(),
                    token.enabled(),
                    Views.timeOrNull(token.expiresAt()),
                    Views.usdOrNull(token.quotaNanos()),
                    Views.usd(token.usedNanos()),
                    token.renewal().period().label(),
                    token.renewal().zone().getId(),
                    Views.usd(token.renewal().counted(token.usedNanos(), now)),
                    token.renewal().renews() ? Views.time(token.renewal().ends(now)) : null,
                    Views.patterns(token.models()),
                    token.allowedIps().stream().map(Cidr::text).toList(),
                    token.limits(),
                    token.cacheTtlSeconds(),
                    Views.timeOrNull(token.lastUsedAt()),
                    Views.time(token.createdAt()),
                    Views.time(token.updatedAt()));
        }
    }

    @GetMapping
    @Listed({"name", "user_id", "enabled"})
    @Operation(summary = "Tokens, newest first. Filters: name (with *), user_id, enabled")
    Mono<Page.Of<View>> list(
            @AuthenticationPrincipal Operator operator,
            @Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page = Page.of(query, "name", "user_id", "enabled");
        Long owner = page.number("user_id");
        if (!operator.role().administers()) {
            if (owner != null && !operator.owns(owner)) {
                return Mono.just(new Page.Of<>(List.of(), null));
            }
            owner = operator.user().id();
        }
        Where where = new Where()
                .like("name", page.text("name"))
                .equal("user_id", owner)
                .equal("enabled", page.flag("enabled"))
                .below("id", page.afterId());
        return page.of(
                tokens.list(where, page.limit() + 1),
                token -> Long.toString(token.id()),
                token -> View.of(token, null, clock.millis()));
    }

    @GetMapping("/{id}")
    @Operation(summary = "One token")
    Mono<View> get(@AuthenticationPrincipal Operator operator, @PathVariable String id) {
        return mine(operator, id).map(token -> View.of(token, null, clock.millis()));
    }

    @PostMapping(consumes = {"application/json", "application/merge-patch+json"})
    @Operation(
            summary = "Makes a token; the answer holds the key, this once",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = View.class))))
    @ResponseStatus(HttpStatus.CREATED)
    Mono<ResponseEntity<View>> make(@AuthenticationPrincipal Operator operator, @RequestBody byte[] body) {
        Fields fields = Fields.read(body, Fields.JSON.createObjectNode(), WRITABLE, READ_ONLY);
        long now = clock.millis();
        Token draft = token(
                fields,
                operator,
                new Token(
                        0,
                        "",
                        "",
                        "",
                        operator.user().id(),
                        true,
                        null,
                        null,
                        0,
                        Renewal.NEVER,
                        List.of(),
                        List.of(),
                        Limits.NONE,
                        null,
                        null,
                        now,
                        now));
        return tokens.create(draft, trail.of(operator, KIND))
                .map(made -> ResponseEntity.created(
                                URI.create("/api/tokens/" + made.token().id()))
                        .body(View.of(made.token(), made.key().text(), now)));
    }

    @PatchMapping(
            path = "/{id}",
            consumes = {"application/json", "application/merge-patch+json"})
    @Operation(
            summary = "Changes a token by a JSON merge patch",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = View.class))))
    Mono<View> change(@AuthenticationPrincipal Operator operator, @PathVariable String id, @RequestBody byte[] body) {
        return changeable(operator, id)
                .flatMap(there -> tokens.change(
                        there.id(),
                        before -> token(
                                Fields.read(
                                        body,
                                        Rendering.writable(View.of(before, null, clock.millis()), WRITABLE),
                                        WRITABLE,
                                        READ_ONLY),
                                operator,
                                before),
                        trail.of(operator, KIND)))
                .map(token -> View.of(token, null, clock.millis()));
    }

    @DeleteMapping("/{id}")
    @Operation(summary = "Deletes a token; its calls stay in the ledger")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> delete(@AuthenticationPrincipal Operator operator, @PathVariable String id) {
        return changeable(operator, id).flatMap(token -> tokens.delete(token.id(), trail.of(operator, KIND)));
    }

    private Mono<Token> changeable(Operator operator, String id) {
        return mine(operator, id).doOnNext(token -> mayGive(operator, token.userId()));
    }

    /** A token spends its owner's money: an admin's only the admin and root may give or change. */
    private void mayGive(Operator operator, long owner) {
        User user = users.known(owner);
        boolean subordinate = operator.role().administers() && (user == null || user.role() == Role.USER);
        if (!operator.owns(owner) && operator.role() != Role.ROOT && !subordinate) {
            throw new Forbidden(
                    Objection.NOT_YOURS,
                    operator.role().administers()
                            ? "Only root may make or change the tokens of an admin."
                            : "You may make and change only your own tokens. Leave user_id out.");
        }
    }

    private Mono<Token> mine(Operator operator, String id) {
        return tokens.find(Rendering.id(id, "token"))
                .filter(token -> operator.role().administers() || operator.owns(token.userId()))
                .switchIfEmpty(Mono.error(() -> new Problems.NotFound("There is no token " + id + ".")));
    }

    private Token token(Fields fields, Operator operator, Token before) {
        Long owner = fields.id("user_id");
        long userId = owner == null ? before.userId() : owner;
        if (users.known(userId) == null) {
            fields.wrong("user_id", String.valueOf(userId), Rule.USER);
        } else {
            mayGive(operator, userId);
        }
        Token token = new Token(
                before.id(),
                fields.name("name"),
                before.keyHash(),
                before.keyHint(),
                userId,
                fields.flag("enabled", true),
                fields.time("expires_at"),
                fields.usd("quota_usd"),
                before.usedNanos(),
                fields.renewal(before.renewal()),
                fields.globs("models"),
                fields.ranges("allowed_ips"),
                fields.limits("limits"),
                fields.has("cache_ttl_seconds")
                        ? Integer.valueOf(fields.whole("cache_ttl_seconds", 0, 0, LONGEST_TTL))
                        : null,
                before.lastUsedAt(),
                before.createdAt(),
                clock.millis());
        fields.check();
        return token;
    }
}
