package dev.sluice.vendor;

import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/** The catalog of vendors, and the wire formats they speak. */
@Component
public final class Vendors {
    private final Map<String, CatalogEntry> entries = new LinkedHashMap<>();
    private final Map<String, Vendor> formats;
    private final Connections connections;

    Vendors(List<Vendor> formats, Connections connections) throws IOException {
        this.formats = formats.stream().collect(Collectors.toMap(Vendor::wire, Function.identity()));
        this.connections = connections;
        JsonMapper json = JsonMapper.builder()
                .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                .build();
        try (InputStream file = Vendors.class.getResourceAsStream("/vendors.json")) {
            for (CatalogEntry entry : json.readValue(file, CatalogEntry[].class)) {
                if (!this.formats.containsKey(entry.wire())) {
                    throw new IllegalStateException("vendors.json: " + entry.id() + " speaks '" + entry.wire()
                            + "' (known: " + this.formats.keySet() + ")");
                }
                entries.put(entry.id(), entry);
            }
        }
    }

    /** In the catalog's order. */
    public List<CatalogEntry> all() {
        return List.copyOf(entries.values());
    }

    public @Nullable CatalogEntry find(String id) {
        return entries.get(id);
    }

    /** Whether a channel must not reach this host, as far as its text tells: names are looked at when they are connected to. */
    public boolean refuses(String host) {
        return connections.refuses(host);
    }

    /** What is wrong with a channel's options; null: nothing. */
    public @Nullable String fault(Map<String, String> options) {
        try {
            Overrides unused = new Overrides(options);
            return null;
        } catch (IllegalArgumentException wrong) {
            return wrong.getMessage();
        }
    }

    /** @throws IllegalArgumentException when the catalog does not know the vendor */
    public Upstream upstream(Target target) {
        CatalogEntry entry = entries.get(target.vendor());
        Vendor format = entry == null ? null : formats.get(entry.wire());
        if (entry == null || format == null) {
            throw new IllegalArgumentException("vendor: '" + target.vendor() + "' is not in the catalog");
        }
        return new Upstream(entry, format, target, connections);
    }
}
