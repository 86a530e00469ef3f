package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.AccessToken;
import dev.sluice.access.AccessTokens;
import dev.sluice.access.Operator;
import dev.sluice.database.Where;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
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

/** {@code /api/access-tokens}: bearer tokens of this API, each of the user who made it. */
@RestController
@RequestMapping("/api/access-tokens")
@Tag(name = "access tokens", description = "Bearer tokens of this API; each acts as the user who made it")
final class AccessTokenApi {
    private static final Trail.Kind<AccessToken> KIND =
            new Trail.Kind<>("access_token", token -> Long.toString(token.id()), token -> View.of(token, null));

    private final AccessTokens accessTokens;
    private final Trail trail;
    private final Clock clock;

    AccessTokenApi(AccessTokens accessTokens, Trail trail, Clock clock) {
        this.accessTokens = accessTokens;
        this.trail = trail;
        this.clock = clock;
    }

    /** An access token as the API shows it. */
    @Schema(name = "AccessToken")
    record View(
            @Schema(accessMode = Schema.AccessMode.READ_ONLY)
            long id,

            String name,

            @Schema(
                    accessMode = Schema.AccessMode.READ_ONLY,
                    description = "The token itself, only in the answer to POST")
            @JsonInclude(JsonInclude.Include.NON_NULL)
            @Nullable
            String token,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("token_hint")
            String tokenHint,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("user_id")
            long userId,

            @Schema(
                    allowableValues = {"read", "write"},
                    defaultValue = "write")
            String scope,

            @Schema(description = "null: never") @JsonProperty("expires_at") @Nullable
            Instant expiresAt,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("last_used_at") @Nullable
            Instant lastUsedAt,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("created_at")
            Instant createdAt) {
        static View of(AccessToken token, @Nullable String secret) {
            return new View(
                    token.id(),
                    token.name(),
                    secret,
                    token.hint(),
                    token.userId(),
                    token.mayWrite() ? "write" : "read",
                    Views.timeOrNull(token.expiresAt()),
                    Views.timeOrNull(token.lastUsedAt()),
                    Views.time(token.createdAt()));
        }
    }

    @GetMapping
    @Listed("name")
    @Operation(summary = "One's own access tokens, newest first. Filter: name (with *)")
    Mono<Page.Of<View>> list(
            @AuthenticationPrincipal Operator operator,
            @Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page = Page.of(query, "name");
        Where where = new Where()
                .equal("user_id", operator.user().id())
                .like("name", page.text("name"))
                .below("id", page.afterId());
        return page.of(
                accessTokens.list(where, page.limit() + 1),
                token -> Long.toString(token.id()),
                token -> View.of(token, null));
    }

    @PostMapping(consumes = "application/json")
    @Operation(
            summary = "Makes an access token; the answer holds it, this once",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = View.class))))
    @ResponseStatus(HttpStatus.CREATED)
    Mono<ResponseEntity<View>> make(@AuthenticationPrincipal Operator operator, @RequestBody byte[] body) {
        Fields fields = Fields.read(
                body,
                Fields.JSON.createObjectNode(),
                Set.of("name", "scope", "expires_at"),
                Set.of("id", "token", "token_hint", "user_id", "last_used_at", "created_at"));
        String scope = fields.has("scope") ? fields.text("scope", 10) : "write";
        if (!"read".equals(scope) && !"write".equals(scope)) {
            fields.wrong("scope", "'" + scope + "'", Rule.SCOPE);
        }
        AccessToken draft = new AccessToken(
                0,
                fields.name("name"),
                "",
                operator.user().id(),
                "write".equals(scope),
                fields.time("expires_at"),
                null,
                clock.millis());
        fields.check();
        return accessTokens
                .create(draft, trail.of(operator, KIND))
                .map(made -> ResponseEntity.created(
                                URI.create("/api/access-tokens/" + made.token().id()))
                        .body(View.of(made.token(), made.secret().text())));
    }

    @GetMapping("/{id}")
    @Operation(summary = "One of one's own access tokens")
    Mono<View> get(@AuthenticationPrincipal Operator operator, @PathVariable String id) {
        return mine(operator, id).map(token -> View.of(token, null));
    }

    @DeleteMapping("/{id}")
    @Operation(summary = "Takes an access token away")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> delete(@AuthenticationPrincipal Operator operator, @PathVariable String id) {
        return mine(operator, id).flatMap(token -> accessTokens.delete(token, trail.of(operator, KIND)));
    }

    private Mono<AccessToken> mine(Operator operator, String id) {
        return accessTokens
                .find(Rendering.id(id, "access token"))
                .filter(token -> operator.owns(token.userId()))
                .switchIfEmpty(Mono.error(() -> new Problems.NotFound("There is no access token " + id + ".")));
    }
}
