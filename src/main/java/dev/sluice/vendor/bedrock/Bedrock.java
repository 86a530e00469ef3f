package dev.sluice.vendor.bedrock;

import dev.sluice.format.Format;
import dev.sluice.vendor.CatalogEntry;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Signer;
import dev.sluice.vendor.Target;
import dev.sluice.vendor.Vendor;
import dev.sluice.vendor.Way;
import dev.sluice.wire.Endpoint;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * AWS Bedrock's addresses. A key is a Bedrock API key, which is sent as it is, or {@code access key:secret}, or
 * {@code access key:secret:session token}, with which each request is signed.
 */
@Component
final class Bedrock implements Vendor {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Clock clock;

    Bedrock(Clock clock) {
        this.clock = clock;
    }

    @Override
    public String wire() {
        return "bedrock";
    }

    @Override
    public Target settled(Target target) {
        return target.filledIn(Map.of("region", "us-east-1"));
    }

    @Override
    public @Nullable Way way(CatalogEntry entry, Target target, Endpoint endpoint, String model, boolean stream) {
        return switch (endpoint) {
            case CHAT, RESPONSES, MESSAGES, GENERATE ->
                new Way(model(target, model) + (stream ? "/converse-stream" : "/converse"), Format.CONVERSE);
            case EMBEDDINGS, EMBED_CONTENT, EMBED_CONTENTS ->
                new Way(
                        model(target, model) + "/invoke",
                        model.contains("cohere") ? Format.COHERE_EMBEDDINGS : Format.TITAN_EMBEDDING);
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

    private static String model(Target target, String model) {
        return target.baseUrl() + "/model/"
                + URLEncoder.encode(model, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** The model stands in the path, and Cohere's is refused in the body. */
    @Override
    public byte[] body(Way way, byte[] body) {
        if (way.format() != Format.COHERE_EMBEDDINGS) {
            return body;
        }
        try {
            if (JSON.readTree(body) instanceof ObjectNode object) {
                object.remove("model");
                return JSON.writeValueAsBytes(object);
            }
        } catch (JacksonException e) {
            // it was written here, so this cannot be
        }
        return body;
    }

    @Override
    public List<String> modelsUrls(CatalogEntry entry, Target target) {
        return List.of(target.baseUrl().replace("://bedrock-runtime.", "://bedrock.") + "/foundation-models");
    }

    @Override
    public Map<String, String> credentials(CatalogEntry entry, Target target) {
        String key = target.key();
        return key.isEmpty() || key.contains(":") ? Map.of() : Map.of("Authorization", "Bearer " + key);
    }

    @Override
    public @Nullable Signer signer(CatalogEntry entry, Target target, Fetch fetch) {
        String[] key = target.key().split(":", 3);
        return key.length < 2
                ? null
                : new Signature4(
                        key[0],
                        key[1],
                        key.length == 3 ? key[2] : null,
                        target.options().getOrDefault("region", "us-east-1"),
                        clock);
    }

    @Override
    public @Nullable Failure failure(int status, byte[] body) {
        return status == 424 ? new Failure(Failure.Kind.SERVER_ERROR, "the model failed") : null;
    }
}
