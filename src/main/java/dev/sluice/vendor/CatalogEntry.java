package dev.sluice.vendor;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A vendor as the catalog (vendors.json) describes it.
 *
 * @param baseUrl with its version segment, and with {@code {option}} where an option of the channel goes; null: the
 *     operator must give it
 * @param wire how it is addressed, by the name of a {@link Vendor}
 * @param auth how the key is sent: {@code bearer}, {@code api-key}, {@code x-api-key}, {@code x-goog-api-key}, {@code aws}, {@code google}, or {@code none}: no key is needed
 * @param paths where an endpoint is not at OpenAI's own path; empty: the vendor does not serve it
 * @param options the channel options that it reads
 * @param models typical ones, for a form; not a limit
 * @param quirks named departures from the wire format
 * @param balance how it is asked what is left of the account; null: it is not
 */
public record CatalogEntry(
        String id,
        String name,
        @Nullable String baseUrl,
        String wire,
        String auth,
        Map<String, String> paths,
        List<String> options,
        List<String> models,
        List<String> quirks,
        @Nullable Balance balance) {

    /**
     * Where a vendor tells what is left.
     *
     * @param path from the root of its host
     * @param left the JSON pointer of the amount
     * @param used the pointer of what goes off it; null: nothing does
     * @param currency its code, or the pointer of it
     */
    public record Balance(
            String path, String left, @Nullable String used, String currency) {}

    public CatalogEntry {
        paths = paths == null ? Map.of() : Map.copyOf(paths);
        options = options == null ? List.of() : List.copyOf(options);
        models = models == null ? List.of() : List.copyOf(models);
        quirks = quirks == null ? List.of() : List.copyOf(quirks);
    }

    public boolean has(String quirk) {
        return quirks.contains(quirk);
    }
}
