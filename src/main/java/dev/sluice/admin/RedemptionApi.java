package dev.sluice.admin;

import dev.sluice.access.Operator;
import dev.sluice.credit.RedemptionCodes;
import dev.sluice.wire.Objection;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.Set;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code /api/redemptions}: a user turns a code into credit. */
@RestController
@RequestMapping("/api/redemptions")
@Tag(name = "redemption codes", description = "Codes that users redeem for credit, each once")
final class RedemptionApi {
    private final RedemptionCodes codes;
    private final Trail trail;

    RedemptionApi(RedemptionCodes codes, Trail trail) {
        this.codes = codes;
        this.trail = trail;
    }

    /** What is redeemed. */
    @Schema(name = "Redemption")
    record Redemption(
            @Schema(description = "Case, hyphens and blanks do not matter", requiredMode = Schema.RequiredMode.REQUIRED)
            String code) {}

    @PostMapping(consumes = "application/json")
    @Operation(
            summary = "Redeems a code: raises one's own quota by what it is worth, and answers with the credit",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = Redemption.class))))
    @ResponseStatus(HttpStatus.CREATED)
    Mono<ResponseEntity<CreditApi.View>> redeem(@AuthenticationPrincipal Operator operator, @RequestBody byte[] body) {
        Fields fields = Fields.read(body, Fields.JSON.createObjectNode(), Set.of("code"), Set.of());
        String code = fields.text("code", 100);
        if (!fields.has("code")) {
            fields.fault("code", Rule.NEEDED, "absent (expected: a redemption code)");
        }
        fields.check();
        return codes.redeem(
                        String.valueOf(code),
                        operator.user(),
                        operator.address(),
                        trail.as("redeem", operator, UserApi.KIND))
                .map(CreditApi::created)
                .switchIfEmpty(Mono.error(() ->
                        new Problems.NotFound(Objection.NO_SUCH_CODE, "There is no such code. Check for a typo.")));
    }
}
