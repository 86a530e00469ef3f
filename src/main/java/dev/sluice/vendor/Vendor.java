package dev.sluice.vendor;

import dev.sluice.format.Format;
import dev.sluice.wire.Endpoint;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How a kind of vendor is addressed: where it takes what, and how a key is shown. One for each, found by its name. */
public interface Vendor {
    /** The catalog's name of the kind. */
    String wire();

    /** Where and in which form it takes what is asked at the endpoint; null: nowhere. */
    @Nullable
    Way way(CatalogEntry entry, Target target, Endpoint endpoint, String model, boolean stream);

    /** The absolute URL of the vendor's list of models; empty: it has none. */
    String modelsUrl(CatalogEntry entry, Target target);

    /** The headers that carry the key. */
    Map<String, String> credentials(CatalogEntry entry, Target target);

    /** What a 4xx really means where the vendor says so in its body alone; null: what the status says. */
    default @Nullable Failure failure(int status, byte[] body) {
        return null;
    }

    /** What reads the usage of one answer in OpenAI's form. */
    default Meter meter(CatalogEntry entry) {
        return new PieceMeter(Format.CHAT, entry.quirks());
    }
}
