package dev.sluice.testing;

import static org.awaitility.Awaitility.await;

import dev.sluice.Sluice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The real program, started in this process on free ports with a data folder of its own, and a client for both its APIs. */
public final class Gateway implements AutoCloseable {
    public static final String ADMIN_TOKEN = "test-admin-token-0123456789abcdef";

    /** A token just made: its id, its secret and all that the answer said. */
    public record NewToken(long id, String key, JsonNode json) {}

    public static final String WEBHOOK_SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZg==";

    private static @Nullable Gateway shared;
    private static final Map<Databases, Gateway> sharedBy = new EnumMap<>(Databases.class);
    private static final Map<Databases, Databases.Fresh> databases = new EnumMap<>(Databases.class);
    private static @Nullable ScriptedVendor receiver;

    private final ConfigurableApplicationContext context;
    private final Path dataDir;
    private final boolean temporary;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    private Gateway(ConfigurableApplicationContext context, Path dataDir, boolean temporary) {
        this.context = context;
        this.dataDir = dataDir;
        this.temporary = temporary;
    }

    /** Starts on an empty data folder that goes when the gateway is closed. Settings are {@code NAME=value}. */
    public static Gateway start(String... settings) {
        try {
            return start(Files.createTempDirectory("sluice-test"), true, settings);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts on a data folder that stays, for tests of what is found again after a restart. */
    public static Gateway startIn(Path dataDir, String... settings) {
        return start(dataDir, false, settings);
    }

    /**
     * The one gateway of the suite, on the embedded database, with default settings. It lives until the last test has
     * run: tests name models of their own and never count rows that are not theirs.
     */
    public static synchronized Gateway shared() {
        if (shared == null) {
            shared = start();
        }
        return shared;
    }

    /**
     * The one gateway of the suite on a database of that kind, which trusts what 127.0.0.1 says of its callers, and tells
     * its notices to {@link #receiver}. The rules of {@link #shared()} hold; what a test makes of channels it takes away,
     * and settings it puts back. Skips the test where there is no such database.
     */
    public static synchronized Gateway shared(Databases kind) {
        Gateway there = sharedBy.get(kind);
        if (there == null) {
            Databases.Fresh database = kind.fresh();
            databases.put(kind, database);
            there = start(
                    database.setting(),
                    "SLUICE_TRUSTED_PROXIES=127.0.0.1",
                    "SLUICE_WEBHOOK_URL=" + receiver().url() + "/hook",
                    "SLUICE_WEBHOOK_SECRET=" + WEBHOOK_SECRET);
            sharedBy.put(kind, there);
        }
        return there;
    }

    /** The setting by which another node comes to the database of a shared gateway. */
    public static synchronized String sharedDatabase(Databases kind) {
        shared(kind);
        return databases.get(kind).setting();
    }

    /** What the shared gateways of {@link #shared(Databases)} tell their notices to; it thanks for each. */
    public static synchronized ScriptedVendor receiver() {
        if (receiver == null) {
            receiver = ScriptedVendor.start();
            receiver.always(Script.json(200, "{}"));
        }
        return receiver;
    }

    static synchronized void closeShared() {
        if (shared != null) {
            shared.close();
            shared = null;
        }
        sharedBy.values().forEach(Gateway::close);
        sharedBy.clear();
        databases.values().forEach(Databases.Fresh::close);
        databases.clear();
        if (receiver != null) {
            receiver.close();
            receiver = null;
        }
    }

    /** Starts with another clock than the machine's. */
    public static Gateway startWith(Clock clock, String... settings) {
        try {
            return start(
                    Files.createTempDirectory("sluice-test"),
                    true,
                    context -> ((GenericApplicationContext) context)
                            .registerBean("testClock", Clock.class, () -> clock, bean -> bean.setPrimary(true)),
                    settings);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Gateway start(Path dataDir, boolean temporary, String... settings) {
        return start(dataDir, temporary, context -> {}, settings);
    }

    private static Gateway start(
            Path dataDir,
            boolean temporary,
            ApplicationContextInitializer<ConfigurableApplicationContext> initializer,
            String... settings) {
        String[] arguments = Stream.concat(
                        Stream.of(
                                "SLUICE_PORT=0",
                                "SLUICE_MANAGEMENT_PORT=0",
                                "SLUICE_ADMIN_TOKEN=" + ADMIN_TOKEN,
                                "SLUICE_DATA_DIR=" + dataDir),
                        Stream.of(settings))
                .map(setting -> "--" + setting)
                .toArray(String[]::new);
        ConfigurableApplicationContext context = new SpringApplicationBuilder(Sluice.class)
                .initializers(initializer)
                .registerShutdownHook(false)
                .run(arguments);
        return new Gateway(context, dataDir, temporary);
    }

    public int port() {
        return Integer.parseInt(context.getEnvironment().getRequiredProperty("local.server.port"));
    }

    public int managementPort() {
        return Integer.parseInt(context.getEnvironment().getRequiredProperty("local.management.port"));
    }

    public String url() {
        return "http://127.0.0.1:" + port();
    }

    public Path dataDir() {
        return dataDir;
    }

    /** A bean of the running program, for what has no door. */
    public <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    @Override
    public void close() {
        http.close();
        context.close();
        if (temporary) {
            try {
                FileSystemUtils.deleteRecursively(dataDir);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    // The admin API

    /** Asks the admin API as the operator. */
    public Answer api(String method, String path, @Nullable String json) {
        return send(method, "/api" + path, Map.of("Authorization", "Bearer " + ADMIN_TOKEN), json);
    }

    /** Makes a channel to the vendor that serves every model; the overrides are fields of the channel. */
    public JsonNode channel(ScriptedVendor vendor, String overrides) {
        String fields = """
                {"name":"scripted","vendor":"openai","base_url":"%s","keys":["sk-vendor-key-1"],"models":["*"]}\
                """.formatted(vendor.baseUrl());
        return api("POST", "/channels", Json.merge(fields, overrides).toString())
                .expect(201)
                .json();
    }

    /** Takes every channel away, so that the next test's are the only ones. */
    public void clearChannels() {
        for (JsonNode channel :
                api("GET", "/channels?limit=200", null).expect(200).json().path("data")) {
            api("DELETE", "/channels/" + channel.path("id").asLong(), null).expect(204);
        }
    }

    /** Makes a token without limits; the overrides are fields of the token. */
    public NewToken token(String overrides) {
        ObjectNode fields = Json.merge("{\"name\":\"test\",\"quota_usd\":null}", overrides);
        JsonNode json = api("POST", "/tokens", fields.toString()).expect(201).json();
        return new NewToken(json.path("id").asLong(), json.path("key").asString(), json);
    }

    public NewToken token() {
        return token("{}");
    }

    /** Sets the price of a model or glob; the rest are fields of the price. */
    public JsonNode price(String model, String fields) {
        String json =
                Json.merge("{\"model\":" + Json.quote(model) + "}", fields).toString();
        Answer answer = api("POST", "/prices", json);
        if (answer.status() != 200) {
            answer.expect(201);
        }
        return answer.json();
    }

    public JsonNode tokenNow(long id) {
        return api("GET", "/tokens/" + id, null).expect(200).json();
    }

    /** The ledger's rows of the token, newest first, as soon as there are so many. */
    public List<JsonNode> calls(NewToken token, int count) {
        AtomicReference<List<JsonNode>> rows = new AtomicReference<>(List.of());
        await("ledger rows of token " + token.id())
                .pollInterval(Duration.ofMillis(20))
                .atMost(Duration.ofSeconds(10))
                .until(() -> {
                    rows.set(calls(token));
                    return rows.get().size() >= count;
                });
        return rows.get();
    }

    /** The ledger's rows of the token now, newest first; 200 at most. */
    public List<JsonNode> calls(NewToken token) {
        List<JsonNode> rows = new ArrayList<>();
        api("GET", "/calls?limit=200&token_id=" + token.id(), null)
                .expect(200)
                .json()
                .path("data")
                .forEach(rows::add);
        return rows;
    }

    /** The token's one ledger row. */
    public JsonNode onlyCall(NewToken token) {
        List<JsonNode> rows = calls(token, 1);
        if (rows.size() != 1) {
            throw new AssertionError("expected one row, found " + rows);
        }
        return rows.get(0);
    }

    // The relay

    /** A chat call, read whole. */
    public Answer call(String key, String json) {
        return call("/v1/chat/completions", key, json);
    }

    public Answer call(String path, String key, String json) {
        return send("POST", path, Map.of("Authorization", "Bearer " + key), json);
    }

    public CompletableFuture<Answer> callAsync(String key, String json) {
        Map<String, String> headers = Map.of("Authorization", "Bearer " + key);
        return http.sendAsync(request("POST", "/v1/chat/completions", headers, json), bodies())
                .thenApply(Gateway::answer);
    }

    public Answer get(String path, String key) {
        return send("GET", path, Map.of("Authorization", "Bearer " + key), null);
    }

    /** A chat call on a socket of its own, to be read piece by piece. */
    public RawCall raw(String key, String json) {
        return RawCall.post(port(), "/v1/chat/completions", key, json);
    }

    /** Any request, read whole. Bounded by half a minute. */
    public Answer send(String method, String path, Map<String, String> headers, @Nullable String json) {
        try {
            return answer(http.send(request(method, path, headers, json), bodies()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private HttpRequest request(String method, String path, Map<String, String> headers, @Nullable String json) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url() + path))
                .timeout(Duration.ofSeconds(30))
                .method(
                        method,
                        json == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(json));
        if (json != null) {
            request.header("Content-Type", "application/json");
        }
        headers.forEach(request::setHeader);
        return request.build();
    }

    private static HttpResponse.BodyHandler<String> bodies() {
        return HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8);
    }

    private static Answer answer(HttpResponse<String> response) {
        return new Answer(response.statusCode(), response.headers(), response.body());
    }

    /** Escapes one part of a path or query. */
    public static String escape(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
