package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.Groups;
import dev.sluice.access.Operator;
import dev.sluice.settings.GatewaySettings;
import dev.sluice.settings.Settings;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.math.BigDecimal;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

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
            "low_balance_percent");
    private static final Trail.Kind<GatewaySettings> KIND =
            new Trail.Kind<>("settings", settings -> "settings", View::of);

    /** Below it, what a node that was away for long brings back could be older than what is kept. */
    private static final int SHORTEST_RETENTION = 7;

    private static final int LONGEST_RETENTION = 36_500;
    private static final int MOST_ATTEMPTS = 20;

    private final Settings settings;
    private final Groups groups;
    private final Trail trail;

    SettingApi(Settings settings, Groups groups, Trail trail) {
        this.settings = settings;
        this.groups = groups;
        this.trail = trail;
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

            @Schema(description = "Channels and keys tried for one call, 1 to 20", defaultValue = "4")
            @JsonProperty("max_attempts")
            int maxAttempts,

            @Schema(
                    description = "Below this part of its quota an account is warned of, 0 to 100; 0: never",
                    defaultValue = "10")
            @JsonProperty("low_balance_percent")
            int lowBalancePercent) {
        static View of(GatewaySettings settings) {
            return new View(
                    settings.registration(),
                    Views.usdOrNull(settings.registrationQuotaNanos()),
                    settings.registrationGroup(),
                    settings.retentionDays(),
                    settings.maxAttempts(),
                    settings.lowBalancePercent());
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
            fields.fault("registration_group", "'" + group + "' (expected: a name of /api/groups)");
        }
        GatewaySettings after = new GatewaySettings(
                fields.flag("registration", usual.registration()),
                fields.usd("registration_quota_usd"),
                group == null ? usual.registrationGroup() : group,
                fields.has("retention_days")
                        ? Integer.valueOf(fields.whole("retention_days", 0, SHORTEST_RETENTION, LONGEST_RETENTION))
                        : null,
                fields.whole("max_attempts", usual.maxAttempts(), 1, MOST_ATTEMPTS),
                fields.whole("low_balance_percent", usual.lowBalancePercent(), 0, 100));
        fields.check();
        return after;
    }
}
