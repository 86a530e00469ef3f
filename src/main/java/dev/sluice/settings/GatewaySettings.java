package dev.sluice.settings;

import dev.sluice.wire.Glob;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What root may change while the gateway runs.
 *
 * @param registration whether strangers may make themselves a user
 * @param registrationQuotaNanos what such a user may spend, in nano-dollars; null: unlimited
 * @param registrationGroup the group such a user is put in
 * @param retentionDays how long the ledger keeps a row; null: for ever
 * @param maxAttempts channels and keys tried for one model of a call
 * @param lowBalancePercent below this part of its quota an account is warned of; 0: never
 * @param fallbackModels by a model's name or a glob, those that stand in for it when its channels are out, in order
 * @param routing by a model's name or a glob, how its channels are chosen
 * @param responseCache by a model's name or a glob, whether and how its answers are kept
 * @param queueWaitSeconds how long a call may wait for a place at channels whose own limits are reached; 0: not at all
 * @param queueSize how many calls may wait so on one node
 */
public record GatewaySettings(
        boolean registration,
        @Nullable Long registrationQuotaNanos,
        String registrationGroup,
        @Nullable Integer retentionDays,
        int maxAttempts,
        int lowBalancePercent,
        Map<String, List<String>> fallbackModels,
        Map<String, Routing> routing,
        Map<String, Caching> responseCache,
        int queueWaitSeconds,
        int queueSize) {
    public static final GatewaySettings DEFAULT =
            new GatewaySettings(false, 0L, "default", null, 4, 10, Map.of(), Map.of(), Map.of(), 0, 200);

    public GatewaySettings {
        fallbackModels = Map.copyOf(fallbackModels);
        routing = Map.copyOf(routing);
        responseCache = Map.copyOf(responseCache);
    }

    /** The models that stand in for this one; empty: none. Those models' own are not followed, so there is no loop. */
    public List<String> fallbacks(String model) {
        List<String> models = matching(fallbackModels, model);
        return models == null ? List.of() : models;
    }

    public Routing routing(String model) {
        Routing found = matching(routing, model);
        return found == null ? Routing.DEFAULT : found;
    }

    public Caching caching(String model) {
        Caching found = matching(responseCache, model);
        return found == null ? Caching.NONE : found;
    }

    /** An exact name goes before globs, then the longest glob, as with prices. */
    private static <T> @Nullable T matching(Map<String, T> all, String model) {
        if (all.isEmpty()) {
            return null;
        }
        T exact = all.get(model);
        if (exact != null) {
            return exact;
        }
        T best = null;
        int length = -1;
        for (Map.Entry<String, T> each : all.entrySet()) {
            String pattern = each.getKey();
            if (pattern.length() > length && new Glob(pattern).matches(model)) {
                best = each.getValue();
                length = pattern.length();
            }
        }
        return best;
    }
}
