package dev.sluice.vendor.anthropic;

import dev.sluice.format.Format;
import dev.sluice.vendor.CatalogEntry;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Target;
import dev.sluice.vendor.Vendor;
import dev.sluice.vendor.Way;
import dev.sluice.wire.Endpoint;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Anthropic's own addresses, and those of vendors that took them over. A base URL may end in {@code /v1} or not. */
@Component
final class Anthropic implements Vendor {
    private static final String VERSION = "2023-06-01";

    @Override
    public String wire() {
        return "anthropic";
    }

    @Override
    public @Nullable Way way(CatalogEntry entry, Target target, Endpoint endpoint, String model, boolean stream) {
        return switch (endpoint) {
            case CHAT, RESPONSES, MESSAGES, GENERATE -> new Way(base(target) + "/messages", Format.MESSAGES);
            case COUNT_TOKENS -> new Way(base(target) + "/messages/count_tokens", null);
            case COMPLETIONS,
                    EMBEDDINGS,
                    EMBED_CONTENT,
                    EMBED_CONTENTS,
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
        return List.of(base(target) + "/models?limit=1000");
    }

    private static String base(Target target) {
        String base = target.baseUrl();
        return base.endsWith("/v1") ? base : base + "/v1";
    }

    @Override
    public Map<String, String> credentials(CatalogEntry entry, Target target) {
        Map<String, String> version = Map.of("anthropic-version", VERSION);
        if (target.key().isEmpty()) {
            return version;
        }
        return entry.auth().equals("bearer")
                ? Map.of("anthropic-version", VERSION, "Authorization", "Bearer " + target.key())
                : Map.of("anthropic-version", VERSION, "x-api-key", target.key());
    }

    /** An empty account answers 400. */
    @Override
    public @Nullable Failure failure(int status, byte[] body) {
        return status == 400 && new String(body, StandardCharsets.UTF_8).contains("credit balance is too low")
                ? new Failure(Failure.Kind.KEY_REFUSED, "the account is empty")
                : null;
    }
}
