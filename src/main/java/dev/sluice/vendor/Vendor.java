package dev.sluice.vendor;

import dev.sluice.wire.Endpoint;
import java.util.Map;

/** How a wire format is addressed: where an endpoint is, and how a key is shown. One for each format, found by its name. */
public interface Vendor {
    /** The catalog's name of the format. */
    String wire();

    /** The absolute URL of an endpoint; empty: the vendor does not have it. */
    String url(CatalogEntry entry, Target target, Endpoint endpoint, String model);

    /** The absolute URL of the vendor's list of models; empty: it has none. */
    String modelsUrl(CatalogEntry entry, Target target);

    /** The headers that carry the key. */
    Map<String, String> credentials(CatalogEntry entry, Target target);

    /** What reads the usage of one answer. */
    Meter meter(CatalogEntry entry);
}
