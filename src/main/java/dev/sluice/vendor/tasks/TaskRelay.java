package dev.sluice.vendor.tasks;

import dev.sluice.vendor.CatalogEntry;
import dev.sluice.vendor.Target;
import dev.sluice.vendor.Vendor;
import dev.sluice.vendor.Way;
import dev.sluice.wire.Endpoint;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * A relay of the Midjourney proxy's or of Suno's paths, which stand at the root of its host. The key goes in the proxy's own
 * header and, for relays in front of one, as a bearer.
 */
@Component
final class TaskRelay implements Vendor {
    @Override
    public String wire() {
        return "task-relay";
    }

    @Override
    public @Nullable Way way(CatalogEntry entry, Target target, Endpoint endpoint, String model, boolean stream) {
        String path = entry.paths().getOrDefault(endpoint.label(), "");
        return path.isEmpty() ? null : new Way(target.baseUrl().replaceFirst("/v1$", "") + path, null);
    }

    @Override
    public List<String> modelsUrls(CatalogEntry entry, Target target) {
        return List.of();
    }

    @Override
    public Map<String, String> credentials(CatalogEntry entry, Target target) {
        return target.key().isEmpty()
                ? Map.of()
                : Map.of("Authorization", "Bearer " + target.key(), "mj-api-secret", target.key());
    }
}
