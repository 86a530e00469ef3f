package dev.sluice.vendor.gemini;

import dev.sluice.format.Format;
import dev.sluice.vendor.CatalogEntry;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Target;
import dev.sluice.vendor.Vendor;
import dev.sluice.vendor.Way;
import dev.sluice.wire.Endpoint;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The addresses of Google's AI Studio. A base URL may end in its version, {@code /v1beta}, or not. */
@Component
final class Gemini implements Vendor {

    @Override
    public String wire() {
        return "gemini";
    }

    @Override
    public @Nullable Way way(CatalogEntry entry, Target target, Endpoint endpoint, String model, boolean stream) {
        return switch (endpoint) {
            case CHAT, RESPONSES, MESSAGES, GENERATE ->
                to(target, model, stream ? "streamGenerateContent?alt=sse" : "generateContent", Format.GEMINI);
            case EMBED_CONTENT -> to(target, model, "embedContent", Format.GEMINI_EMBEDDING);
            case EMBEDDINGS, EMBED_CONTENTS -> to(target, model, "batchEmbedContents", Format.GEMINI_EMBEDDINGS);
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

    private static Way to(Target target, String model, String verb, Format format) {
        return new Way(base(target) + "/models/" + segment(model) + ":" + verb, format);
    }

    @Override
    public List<String> modelsUrls(CatalogEntry entry, Target target) {
        return List.of(base(target) + "/models?pageSize=1000");
    }

    private static String base(Target target) {
        String base = target.baseUrl();
        return base.matches(".*/v1[a-z0-9]*") ? base : base + "/v1beta";
    }

    private static String segment(String model) {
        String name = model.startsWith("models/") ? model.substring("models/".length()) : model;
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    public Map<String, String> credentials(CatalogEntry entry, Target target) {
        return target.key().isEmpty() ? Map.of() : Map.of("x-goog-api-key", target.key());
    }

    /** A wrong key and a forbidden region answer 400. */
    @Override
    public @Nullable Failure failure(int status, byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        boolean key = text.contains("API_KEY_INVALID") || text.contains("FAILED_PRECONDITION");
        return status == 400 && key ? new Failure(Failure.Kind.KEY_REFUSED, "the key is refused") : null;
    }
}
