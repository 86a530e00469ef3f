package dev.sluice.vendor.cohere;

import dev.sluice.format.Format;
import dev.sluice.vendor.CatalogEntry;
import dev.sluice.vendor.Target;
import dev.sluice.vendor.Vendor;
import dev.sluice.vendor.Way;
import dev.sluice.wire.Endpoint;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Cohere's addresses, version 2. A base URL may end in {@code /v2} or not. */
@Component
final class Cohere implements Vendor {

    @Override
    public String wire() {
        return "cohere";
    }

    @Override
    public @Nullable Way way(CatalogEntry entry, Target target, Endpoint endpoint, String model, boolean stream) {
        return switch (endpoint) {
            case CHAT, RESPONSES, MESSAGES, GENERATE -> new Way(root(target) + "/v2/chat", Format.COHERE);
            case EMBEDDINGS, EMBED_CONTENT, EMBED_CONTENTS ->
                new Way(root(target) + "/v2/embed", Format.COHERE_EMBEDDINGS);
            case RERANK -> new Way(root(target) + "/v2/rerank", null);
            case COMPLETIONS,
                    COUNT_TOKENS,
                    MODERATIONS,
                    IMAGES,
                    SPEECH,
                    TRANSCRIPTIONS,
                    TRANSLATIONS,
                    IMAGE_EDITS,
                    IMAGE_VARIATIONS,
                    REALTIME,
                    MIDJOURNEY,
                    SUNO,
                    FILES,
                    BATCHES -> null;
        };
    }

    @Override
    public List<String> modelsUrls(CatalogEntry entry, Target target) {
        return List.of(root(target) + "/v1/models?page_size=1000");
    }

    private static String root(Target target) {
        return target.baseUrl().replaceFirst("/v[12]$", "");
    }

    @Override
    public Map<String, String> credentials(CatalogEntry entry, Target target) {
        return target.key().isEmpty() ? Map.of() : Map.of("Authorization", "Bearer " + target.key());
    }
}
