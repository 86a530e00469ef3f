package dev.sluice.vendor.openai;

import dev.sluice.format.Format;
import dev.sluice.vendor.CatalogEntry;
import dev.sluice.vendor.Meter;
import dev.sluice.vendor.Target;
import dev.sluice.vendor.Vendor;
import dev.sluice.vendor.Way;
import dev.sluice.wire.Endpoint;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * OpenAI's own addresses, and those of the many vendors that took them over.
 *
 * <p>A base URL with a version segment ({@code …/v1}, {@code …/api/paas/v4}, {@code …/v1beta/openai}) is taken as it
 * is. One without gets {@code /v1}, unless the catalog's own address of that vendor has none either.
 */
@Component
final class OpenAi implements Vendor {
    private static final Pattern VERSION = Pattern.compile("/v[0-9]+[a-z0-9]*(/|$)");

    @Override
    public String wire() {
        return "openai";
    }

    @Override
    public @Nullable Way way(CatalogEntry entry, Target target, Endpoint endpoint, String model, boolean stream) {
        if (endpoint == Endpoint.REALTIME) {
            String path = entry.paths().getOrDefault("realtime", "");
            String query = "?model=" + URLEncoder.encode(model, StandardCharsets.UTF_8);
            return path.isEmpty() ? null : new Way(base(entry, target) + path + query, null);
        }
        Endpoint own = own(endpoint);
        boolean responses = own == Endpoint.CHAT
                && entry.has("responses")
                && (endpoint == Endpoint.RESPONSES
                        || "responses".equals(target.options().get("api")));
        if (responses) {
            own = Endpoint.RESPONSES;
        }
        if (own == null) {
            return null;
        }
        String name = own.path.substring(own.path.lastIndexOf('/') + 1);
        String key = own == Endpoint.CHAT ? "chat" : name;
        String path = entry.paths().getOrDefault(key, own.path);
        return path.isEmpty() ? null : new Way(base(entry, target) + path, Format.of(own));
    }

    /** Conversations in others' forms are chat completions here. */
    static @Nullable Endpoint own(Endpoint endpoint) {
        return switch (endpoint) {
            case CHAT, RESPONSES, MESSAGES, GENERATE -> Endpoint.CHAT;
            case EMBED_CONTENT, EMBED_CONTENTS -> Endpoint.EMBEDDINGS;
            case COMPLETIONS,
                    EMBEDDINGS,
                    MODERATIONS,
                    RERANK,
                    IMAGES,
                    SPEECH,
                    TRANSCRIPTIONS,
                    TRANSLATIONS,
                    IMAGE_EDITS,
                    IMAGE_VARIATIONS,
                    FILES,
                    BATCHES -> endpoint;
            case COUNT_TOKENS, REALTIME, MIDJOURNEY, SUNO -> null;
        };
    }

    @Override
    public List<String> modelsUrls(CatalogEntry entry, Target target) {
        String path = entry.paths().getOrDefault("models", "/models");
        return path.isEmpty() ? List.of() : List.of(path.startsWith("http") ? path : base(entry, target) + path);
    }

    @Override
    public Map<String, String> credentials(CatalogEntry entry, Target target) {
        return shown(entry.auth(), target.key());
    }

    @Override
    public Meter meter(CatalogEntry entry) {
        return new OpenAiMeter(entry.has("completion_excludes_reasoning"));
    }

    static Map<String, String> shown(String auth, String key) {
        if (key.isEmpty()) {
            return Map.of(); // local servers want none
        }
        return auth.equals("api-key") ? Map.of("api-key", key) : Map.of("Authorization", "Bearer " + key);
    }

    private static String base(CatalogEntry entry, Target target) {
        String base = target.baseUrl();
        String path = base.replaceFirst("^[a-z]+://[^/]*", "");
        String own = entry.baseUrl();
        boolean versionless = own != null
                && !VERSION.matcher(own.replaceFirst("^[a-z]+://[^/]*", "")).find();
        return versionless || VERSION.matcher(path).find() ? base : base + "/v1";
    }
}
