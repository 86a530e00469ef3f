package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.Operator;
import dev.sluice.access.Users;
import dev.sluice.credit.Credit;
import dev.sluice.credit.Credits;
import dev.sluice.database.Where;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code /api/users/{id}/credits}: what a user was given, by an operator or for a code. */
@RestController
@RequestMapping("/api/users/{id}/credits")
@Tag(name = "users", description = "Who signs in, owns tokens and pays")
final class CreditApi {
    private final Users users;
    private final Credits credits;
    private final Trail trail;

    CreditApi(Users users, Credits credits, Trail trail) {
        this.users = users;
        this.credits = credits;
        this.trail = trail;
    }

    /** A credit as the API shows it. */
    @Schema(name = "Credit")
    record View(
            @Schema(accessMode = Schema.AccessMode.READ_ONLY)
            long id,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("user_id")
            long userId,

            @Schema(description = "US dollars, not 0; below 0: taken away", requiredMode = Schema.RequiredMode.REQUIRED)
            @JsonProperty("amount_usd")
            BigDecimal amountUsd,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY, description = "The user's quota after it")
            @JsonProperty("quota_usd")
            BigDecimal quotaUsd,

            @Schema(description = "At most 500 characters") String note,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY, description = "Who gave it, or redeemed the code")
            @JsonProperty("by_user_id")
            long byUserId,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY, description = "null: no code was redeemed")
            @JsonProperty("redemption_code_id")
            @Nullable
            Long redemptionCodeId,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("created_at")
            Instant createdAt) {
        static View of(Credit credit) {
            return new View(
                    credit.id(),
                    credit.userId(),
                    Views.usd(credit.amountNanos()),
                    Views.usd(credit.quotaNanos()),
                    credit.note(),
                    credit.byUserId(),
                    credit.redemptionCodeId(),
                    Views.time(credit.createdAt()));
        }
    }

    static ResponseEntity<View> created(Credit credit) {
        return ResponseEntity.created(URI.create("/api/users/" + credit.userId() + "/credits/" + credit.id()))
                .body(View.of(credit));
    }

    @GetMapping
    @Listed({"redemption_code_id"})
    @Operation(summary = "A user's credits, newest first. Filter: redemption_code_id")
    Mono<Page.Of<View>> list(
            @AuthenticationPrincipal Operator operator,
            @PathVariable String id,
            @Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page = Page.of(query, "redemption_code_id");
        Where where = new Where()
                .equal("user_id", Rendering.id(id, "user"))
                .equal("redemption_code_id", page.number("redemption_code_id"))
                .below("id", page.afterId());
        return UserApi.visible(users, operator, id)
                .flatMap(user ->
                        page.of(credits.list(where, page.limit() + 1), credit -> Long.toString(credit.id()), View::of));
    }

    @GetMapping("/{credit}")
    @Operation(summary = "One of a user's credits")
    Mono<View> get(@AuthenticationPrincipal Operator operator, @PathVariable String id, @PathVariable String credit) {
        Where where =
                new Where().equal("user_id", Rendering.id(id, "user")).equal("id", Rendering.id(credit, "credit"));
        return UserApi.visible(users, operator, id)
                .flatMap(user -> credits.list(where, 1).next())
                .map(View::of)
                .switchIfEmpty(Mono.error(() -> new Problems.NotFound("There is no credit " + credit + ".")));
    }

    @PostMapping(consumes = "application/json")
    @Operation(
            summary = "Raises a finite quota, or lowers it by an amount below 0",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = View.class))))
    @ResponseStatus(HttpStatus.CREATED)
    Mono<ResponseEntity<View>> give(
            @AuthenticationPrincipal Operator operator, @PathVariable String id, @RequestBody byte[] body) {
        UserApi.administering(operator);
        Fields fields = Fields.read(body, Fields.JSON.createObjectNode(), Set.of("amount_usd", "note"), Set.of());
        long nanos = fields.signedUsd("amount_usd");
        String note = fields.text("note", 500);
        fields.check();
        return UserApi.visible(users, operator, id)
                .flatMap(there -> {
                    UserApi.mayChange(operator, there);
                    return credits.give(
                            there.id(),
                            nanos,
                            note == null ? "" : note,
                            operator.user().id(),
                            trail.as("credit", operator, UserApi.KIND));
                })
                .map(CreditApi::created);
    }
}
