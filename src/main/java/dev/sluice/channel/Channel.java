package dev.sluice.channel;

import dev.sluice.wire.Glob;
import dev.sluice.wire.Limits;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An upstream account: a vendor's address with one or more keys, the models it serves and to whom. Times are epoch
 * milliseconds.
 *
 * @param keys the channel keys in the clear; they live only in memory
 * @param modelMapping from the caller's model name to the vendor's
 * @param priority the highest goes first
 * @param weight the share among channels of one priority, 1 or more
 * @param keyLimits of each key by itself, beside those of the channel
 * @param options the vendor's own, such as {@code api_version}
 */
public record Channel(
        long id,
        String name,
        String vendor,
        String baseUrl,
        List<String> keys,
        List<Glob> models,
        Map<String, String> modelMapping,
        Set<String> groups,
        int priority,
        int weight,
        boolean enabled,
        Map<String, String> headers,
        Map<String, String> options,
        Limits limits,
        Limits keyLimits,
        Timeouts timeouts,
        long priceFactorMillionths,
        List<String> tags,
        long createdAt,
        long updatedAt) {

    public Channel {
        keys = List.copyOf(keys);
        models = List.copyOf(models);
        modelMapping = Map.copyOf(modelMapping);
        groups = Set.copyOf(groups);
        headers = Map.copyOf(headers);
        options = Map.copyOf(options);
        tags = List.copyOf(tags);
        if (weight < 1) {
            throw new IllegalArgumentException("weight: " + weight + " (expected: >= 1)");
        }
        if (priceFactorMillionths < 0) {
            throw new IllegalArgumentException(
                    "price_factor: " + priceFactorMillionths + " millionths (expected: >= 0)");
        }
    }

    /** Whether it is a candidate for the model, as the caller named it, of a caller of the group. */
    boolean serves(String model, String group) {
        if (!enabled || !groups.contains(group)) {
            return false;
        }
        for (Glob glob : models) {
            if (glob.matches(model)) {
                return true;
            }
        }
        return false;
    }

    /** The vendor's name of the model. */
    public String upstreamModel(String model) {
        return modelMapping.getOrDefault(model, model);
    }

    /** Without keys and headers: it may end in a log. */
    @Override
    public String toString() {
        return "channel " + id + " (" + name + ", " + vendor + ")";
    }
}
