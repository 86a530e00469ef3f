package dev.sluice.vendor.ollama;

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

/** Ollama's addresses. Local servers want no key. */
@Component
final class Ollama implements Vendor {

    @Override
    public String wire() {
        return "ollama";
    }

    @Override
    public @Nullable Way way(CatalogEntry entry, Target target, Endpoint endpoint, String model, boolean stream) {
        return switch (endpoint) {
            case CHAT, RESPONSES, MESSAGES, GENERATE -> new Way(root(target) + "/api/chat", Format.OLLAMA);
            case EMBEDDINGS, EMBED_CONTENT, EMBED_CONTENTS ->
                new Way(root(target) + "/api/embed", Format.OLLAMA_EMBEDDINGS);
            case COMPLETIONS,
                    COUNT_TOKENS,
                    MODERATIONS,
                    RERANK,
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
        return List.of(root(target) + "/api/tags");
    }

    private static String root(Target target) {
        return target.baseUrl().replaceFirst("/(api|v1)$", "");
    }

    @Override
    public Map<String, String> credentials(CatalogEntry entry, Target target) {
        return target.key().isEmpty() ? Map.of() : Map.of("Authorization", "Bearer " + target.key());
    }
}
