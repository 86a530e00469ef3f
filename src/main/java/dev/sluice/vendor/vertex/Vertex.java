package dev.sluice.vendor.vertex;

import dev.sluice.format.Format;
import dev.sluice.vendor.CatalogEntry;
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
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Vertex AI's addresses: Gemini in Google's form, Claude in Anthropic's, told apart by the model's name. A key is a
 * service account's JSON, or an API key of the express mode, which has Gemini alone.
 */
@Component
final class Vertex implements Vendor {
    private static final String DEFAULT_LOCATION = "us-central1";
    private static final String CLAUDES_VERSION = "vertex-2023-10-16";
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private final Clock clock;

    Vertex(Clock clock) {
        this.clock = clock;
    }

    @Override
    public String wire() {
        return "vertex";
    }

    /** The global location has a host of its own. */
    @Override
    public Target settled(Target target) {
        Target global = new Target(
                target.vendor(),
                target.baseUrl().replace("{location}-aiplatform", "aiplatform"),
                target.key(),
                target.headers(),
                target.options(),
                target.connectMs(),
                target.firstByteMs(),
                target.idleMs(),
                target.totalMs());
        return location(target).equals("global") ? global : target.filledIn(Map.of("location", DEFAULT_LOCATION));
    }

    private static String location(Target target) {
        return target.options().getOrDefault("location", DEFAULT_LOCATION);
    }

    @Override
    public @Nullable Way way(CatalogEntry entry, Target target, Endpoint endpoint, String model, boolean stream) {
        return switch (endpoint) {
            case CHAT, RESPONSES, MESSAGES, GENERATE ->
                model.contains("claude")
                        ? new Way(
                                models(target, "anthropic", model) + (stream ? ":streamRawPredict" : ":rawPredict"),
                                Format.MESSAGES)
                        : new Way(
                                models(target, "google", model)
                                        + (stream ? ":streamGenerateContent?alt=sse" : ":generateContent"),
                                Format.GEMINI);
            case EMBEDDINGS, EMBED_CONTENT, EMBED_CONTENTS ->
                new Way(models(target, "google", model) + ":predict", Format.VERTEX_EMBEDDINGS);
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

    private static String models(Target target, String publisher, String model) {
        ServiceAccount.Key key = ServiceAccount.Key.read(target.key());
        String project = target.options().getOrDefault("project", key == null ? "" : key.projectId());
        String at = project.isEmpty()
                ? "/v1"
                : "/v1/projects/" + segment(project) + "/locations/" + segment(location(target));
        return target.baseUrl() + at + "/publishers/" + publisher + "/models/" + segment(model);
    }

    private static String segment(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%40", "@");
    }

    /** Claude's model stands in the path, and the version in the body. */
    @Override
    public byte[] body(Way way, byte[] body) {
        if (way.format() != Format.MESSAGES) {
            return body;
        }
        try {
            if (JSON.readTree(body) instanceof ObjectNode object) {
                object.remove("model");
                object.put("anthropic_version", CLAUDES_VERSION);
                return JSON.writeValueAsBytes(object);
            }
        } catch (JacksonException e) {
            // it was read before, so this cannot be
        }
        return body;
    }

    /** Of each publisher's models there is a list; the express mode has Google's alone. */
    @Override
    public List<String> modelsUrls(CatalogEntry entry, Target target) {
        String lists = target.baseUrl() + "/v1beta1/publishers/%s/models?pageSize=100";
        return target.key().startsWith("{")
                ? List.of(lists.formatted("google"), lists.formatted("anthropic"))
                : List.of(lists.formatted("google"));
    }

    @Override
    public Map<String, String> credentials(CatalogEntry entry, Target target) {
        String key = target.key();
        return key.isEmpty() || key.startsWith("{") ? Map.of() : Map.of("x-goog-api-key", key);
    }

    @Override
    public @Nullable Signer signer(CatalogEntry entry, Target target, Fetch fetch) {
        return target.key().startsWith("{") ? new ServiceAccount(target.key(), target.baseUrl(), fetch, clock) : null;
    }
}
