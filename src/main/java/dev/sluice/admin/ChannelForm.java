package dev.sluice.admin;

import dev.sluice.access.Groups;
import dev.sluice.channel.Channel;
import dev.sluice.channel.Timeouts;
import dev.sluice.vendor.CatalogEntry;
import dev.sluice.vendor.Vendors;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;

/** A channel as operators write it: made of what they sent, with a word on each field that is wrong. */
@Component
final class ChannelForm {
    static final Set<String> WRITABLE = Set.of(
            "name",
            "vendor",
            "base_url",
            "keys",
            "models",
            "model_mapping",
            "groups",
            "priority",
            "weight",
            "enabled",
            "headers",
            "options",
            "limits",
            "key_limits",
            "timeouts",
            "price_factor",
            "tags");
    static final Set<String> READ_ONLY = Set.of("id", "key_hints", "health", "created_at", "updated_at");

    /** The gateway's own, or such as make a request mean something else. */
    private static final Set<String> FORBIDDEN_HEADERS = Set.of(
            "host",
            "content-length",
            "content-type",
            "transfer-encoding",
            "connection",
            "keep-alive",
            "upgrade",
            "te",
            "trailer",
            "proxy-connection",
            "expect",
            "accept-encoding");

    private static final int LONGEST_WAIT_MS = 3_600_000;

    private final Vendors vendors;
    private final Groups groups;
    private final Clock clock;

    ChannelForm(Vendors vendors, Groups groups, Clock clock) {
        this.vendors = vendors;
        this.groups = groups;
        this.clock = clock;
    }

    /** @throws Invalid when a field is wrong */
    Channel channel(Fields fields, long id, List<String> keysBefore, long createdAt) {
        String vendor = String.valueOf(fields.text("vendor", 64));
        CatalogEntry entry = vendors.find(vendor);
        if (entry == null) {
            fields.wrong("vendor", "'" + vendor + "'", Rule.VENDOR);
        }
        Channel channel = new Channel(
                id,
                fields.name("name"),
                vendor,
                baseUrl(fields, entry),
                fields.has("keys") ? keys(fields) : fields.cleared("keys") ? List.of() : keysBefore,
                fields.globs("models"),
                fields.map("model_mapping", 200),
                groups(fields),
                fields.whole("priority", 0, -1_000_000, 1_000_000),
                fields.whole("weight", 1, 1, 1000),
                fields.flag("enabled", true),
                headers(fields),
                options(fields),
                fields.limits("limits"),
                fields.limits("key_limits"),
                fields.object(
                        "timeouts",
                        Set.of("connect_ms", "first_byte_ms", "idle_ms", "total_ms"),
                        ChannelForm::timeouts),
                fields.factor("price_factor"),
                fields.texts("tags", 50),
                createdAt,
                clock.millis());
        if (channel.models().isEmpty()) {
            fields.wrong("models", "is empty", Rule.MODELS);
        }
        fields.check();
        return channel;
    }

    private static Timeouts timeouts(Fields fields) {
        return new Timeouts(
                fields.limit("connect_ms", LONGEST_WAIT_MS),
                fields.limit("first_byte_ms", LONGEST_WAIT_MS),
                fields.limit("idle_ms", LONGEST_WAIT_MS),
                fields.limit("total_ms", LONGEST_WAIT_MS));
    }

    private static List<String> keys(Fields fields) {
        JsonNode given = fields.raw("keys");
        List<String> keys = given.isString() && !document(given)
                ? given.asString()
                        .lines()
                        .map(String::strip)
                        .filter(line -> !line.isEmpty())
                        .toList()
                : document(given) || document(given.path(0)) ? documents(fields, given) : fields.texts("keys", 10_000);
        if (keys.stream().anyMatch(key -> key.chars().anyMatch(c -> c < ' ' || c > 126))) {
            fields.wrong("keys", "hold characters that cannot stand in a header", Rule.KEYS);
        }
        return keys.stream().distinct().toList();
    }

    private static boolean document(JsonNode key) {
        return key.isString() && key.asString().strip().startsWith("{");
    }

    /** Keys that are JSON documents, as Google's are: they may be written over several lines. */
    private static List<String> documents(Fields fields, JsonNode given) {
        List<String> keys = new ArrayList<>();
        for (JsonNode key : given.isArray() ? given : List.of(given)) {
            String text = document(key) ? key.asString().strip().replaceAll("[\\r\\n\\t]+", " ") : "";
            if (text.isEmpty() || text.length() > 10_000) {
                fields.wrong("keys", "not shown here", Rule.KEY_DOCUMENTS);
                return List.of();
            }
            keys.add(text);
        }
        return keys;
    }

    private Map<String, String> options(Fields fields) {
        Map<String, String> options = fields.map("options", 2_000);
        String fault = vendors.fault(options);
        if (fault != null) {
            fields.fault("options", Rule.OPTIONS, fault);
        }
        return options;
    }

    private Set<String> groups(Fields fields) {
        Set<String> names =
                new LinkedHashSet<>(fields.has("groups") ? fields.texts("groups", 64) : List.of(Groups.DEFAULT));
        if (names.isEmpty()) {
            fields.wrong("groups", "is empty", Rule.GROUPS);
        }
        for (String name : names) {
            if (groups.find(name) == null) {
                fields.wrong("groups", "'" + name + "'", Rule.GROUP);
            }
        }
        return names;
    }

    private static Map<String, String> headers(Fields fields) {
        Map<String, String> headers = fields.map("headers", 4_000);
        headers.forEach((name, value) -> {
            if (!name.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]+")
                    || FORBIDDEN_HEADERS.contains(name.toLowerCase(Locale.ROOT))) {
                fields.wrong("headers", "'" + name + "'", Rule.HEADER_NAMES);
            }
            if (value.chars().anyMatch(c -> c < ' ' || c > 126)) {
                fields.fault("headers", Rule.HEADER_VALUES, "the value of '" + name + "' is not printable ASCII");
            }
        });
        return headers;
    }

    private String baseUrl(Fields fields, @Nullable CatalogEntry entry) {
        String given = fields.text("base_url", 1_000);
        String url = given == null || given.isBlank() ? (entry == null ? "" : entry.baseUrl()) : given.strip();
        if (url == null || url.isEmpty()) {
            if (entry != null) {
                fields.fault(
                        "base_url",
                        Rule.BASE_URL_NEEDED,
                        "is absent (expected: a URL, since the catalog has none for '" + entry.id() + "')");
            }
            return "";
        }
        try {
            URI uri = new URI(url.replaceAll("\\{[a-z_]+}", "x"));
            boolean good = ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getPort() <= 65_535
                    && uri.getRawUserInfo() == null
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null;
            if (good && vendors.refuses(uri.getHost())) {
                fields.fault(
                        "base_url",
                        Rule.BASE_URL_PUBLIC,
                        "'" + url + "' is a private or local address (expected: a public one;"
                                + " SLUICE_ALLOW_PRIVATE_UPSTREAMS is false)");
                return "";
            }
            if (good) {
                return url.replaceAll("/+$", "");
            }
        } catch (URISyntaxException e) {
            // said below
        }
        fields.wrong("base_url", "'" + url + "'", Rule.BASE_URL);
        return "";
    }
}
