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
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Azure OpenAI's addresses: the model is a deployment of the path and {@code api-version} is required; or, where the
 * base URL ends with {@code /openai/v1}, OpenAI's own paths. The key goes in {@code api-key} (Microsoft Learn, "Azure
 * OpenAI in Foundry Models REST API reference").
 */
@Component
final class Azure implements Vendor {
    /** The newest version that Microsoft calls stable. */
    private static final String DEFAULT_VERSION = "2024-10-21";

    private static final String REALTIME_VERSION = "2025-04-01-preview";

    @Override
    public String wire() {
        return "azure";
    }

    @Override
    public @Nullable Way way(CatalogEntry entry, Target target, Endpoint endpoint, String model, boolean stream) {
        if (endpoint == Endpoint.REALTIME) {
            return new Way(realtime(target, URLEncoder.encode(model, StandardCharsets.UTF_8)), null);
        }
        Endpoint own = endpoint == Endpoint.RESPONSES && newForm(target) ? endpoint : OpenAi.own(endpoint);
        return own == null ? null : new Way(url(target, own, model), Format.of(own));
    }

    /** The newer form is OpenAI's own; the older names the deployment in the query, and is in no stable version. */
    private static String realtime(Target target, String deployment) {
        return newForm(target)
                ? target.baseUrl() + "/realtime?model=" + deployment
                : resource(target) + "/openai/realtime" + version(target, REALTIME_VERSION) + "&deployment="
                        + deployment;
    }

    private static String url(Target target, Endpoint own, String model) {
        if (newForm(target)) {
            return target.baseUrl() + own.path + version(target, "");
        }
        String deployment = URLEncoder.encode(model, StandardCharsets.UTF_8).replace("+", "%20");
        return resource(target) + "/openai/deployments/" + deployment + own.path + version(target, DEFAULT_VERSION);
    }

    @Override
    public List<String> modelsUrls(CatalogEntry entry, Target target) {
        return List.of(
                newForm(target)
                        ? target.baseUrl() + "/models" + version(target, "")
                        : resource(target) + "/openai/models" + version(target, DEFAULT_VERSION));
    }

    @Override
    public Map<String, String> credentials(CatalogEntry entry, Target target) {
        return OpenAi.shown("api-key", target.key());
    }

    @Override
    public Meter meter(CatalogEntry entry) {
        return new OpenAiMeter(entry.has("completion_excludes_reasoning"));
    }

    private static boolean newForm(Target target) {
        return target.baseUrl().endsWith("/openai/v1");
    }

    private static String resource(Target target) {
        String base = target.baseUrl();
        return base.endsWith("/openai") ? base.substring(0, base.length() - "/openai".length()) : base;
    }

    private static String version(Target target, String otherwise) {
        String version = target.options().getOrDefault("api_version", otherwise);
        return version.isEmpty() ? "" : "?api-version=" + URLEncoder.encode(version, StandardCharsets.UTF_8);
    }
}
