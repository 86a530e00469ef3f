package dev.sluice.settings;

import org.jspecify.annotations.Nullable;

/**
 * What root may change while the gateway runs.
 *
 * @param registration whether strangers may make themselves a user
 * @param registrationQuotaNanos what such a user may spend, in nano-dollars; null: unlimited
 * @param registrationGroup the group such a user is put in
 * @param retentionDays how long the ledger keeps a row; null: for ever
 * @param maxAttempts channels and keys tried for one call
 * @param lowBalancePercent below this part of its quota an account is warned of; 0: never
 */
public record GatewaySettings(
        boolean registration,
        @Nullable Long registrationQuotaNanos,
        String registrationGroup,
        @Nullable Integer retentionDays,
        int maxAttempts,
        int lowBalancePercent) {
    public static final GatewaySettings DEFAULT = new GatewaySettings(false, 0L, "default", null, 4, 10);
}
