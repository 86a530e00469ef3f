package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.ledger.Reconciliation;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.math.BigDecimal;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code /api/reconciliation}: whether the counters are the sums of the ledger. */
@RestController
@RequestMapping("/api/reconciliation")
@Tag(name = "reconciliation", description = "Whether each account's counter is the sum of its ledger rows")
final class ReconciliationApi {
    private final Reconciliation reconciliation;

    ReconciliationApi(Reconciliation reconciliation) {
        this.reconciliation = reconciliation;
    }

    /** What was found. */
    @Schema(name = "Reconciliation")
    record View(
            boolean balanced,

            @Schema(description = "The unequal ones alone") List<Account> accounts) {
        static View of(Reconciliation.Result result) {
            return new View(
                    result.balanced(),
                    result.unequal().stream().map(Account::of).toList());
        }
    }

    /** An account whose counter is not the sum of its rows. */
    @Schema(name = "UnequalAccount")
    record Account(
            @Schema(allowableValues = {"token", "user"}) String kind,

            long id,
            @JsonProperty("used_usd") BigDecimal usedUsd,
            @JsonProperty("ledger_usd") BigDecimal ledgerUsd) {
        static Account of(Reconciliation.Unequal unequal) {
            return new Account(
                    unequal.kind(), unequal.id(), Views.usd(unequal.usedNanos()), Views.usd(unequal.ledgerNanos()));
        }
    }

    @GetMapping
    @Operation(summary = "Holds each account's counter against the sum of its ledger rows, those dropped included")
    Mono<View> reconcile() {
        return reconciliation.run().map(View::of);
    }
}
