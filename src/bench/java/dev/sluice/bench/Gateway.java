package dev.sluice.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The program under test, started from its jar on a data folder of its own, with one channel to the mock. */
final class Gateway implements AutoCloseable {
    private static final String ADMIN_TOKEN = "bench-admin-token-0123456789";
    private static final String HIGH_LIMITS = "{\"rpm\":100000000,\"tpm\":2000000000,\"concurrency\":100000}";
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Program program;
    private final int port;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Gateway(Program program, int port) {
        this.program = program;
        this.port = port;
    }

    static Gateway start(Path folder, int core, Settings settings, int port, int managementPort, int vendorPort)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(settings.jvm());
        command.addAll(List.of("-jar", settings.jar()));
        Map<String, String> environment = Map.of(
                "SLUICE_PORT", String.valueOf(port),
                "SLUICE_MANAGEMENT_PORT", String.valueOf(managementPort),
                "SLUICE_ADMIN_TOKEN", ADMIN_TOKEN,
                "SLUICE_DATA_DIR", folder.resolve("data").toString(),
                "SLUICE_DATABASE_URL", "");
        Gateway gateway =
                new Gateway(Program.start(core, folder.resolve("sluice.log"), environment, command), port);
        gateway.awaitReady();
        gateway.post(
                "/channels",
                "{\"name\":\"mock\",\"vendor\":\"openai-compatible\",\"base_url\":\"http://127.0.0.1:" + vendorPort
                        + "/v1\",\"keys\":[\"sk-mock\"],\"models\":[\"*\"]}");
        gateway.post(
                "/channels",
                "{\"name\":\"mock of another form\",\"vendor\":\"anthropic-compatible\",\"base_url\":\"http://127.0.0.1:"
                        + vendorPort + "\",\"keys\":[\"sk-mock\"],\"models\":[\"" + MockVendor.OTHER_FORM
                        + "-*\"],\"priority\":1}");
        gateway.post(
                "/prices", "{\"model\":\"" + MockVendor.OTHER_FORM
                        + "-*\",\"input_usd_per_mtok\":0.15,\"output_usd_per_mtok\":0.6}");
        for (int i = 1; i <= 3; i++) {
            gateway.post(
                    "/channels",
                    "{\"name\":\"mock with limits " + i + "\",\"vendor\":\"openai-compatible\",\"base_url\":\"http://127.0.0.1:"
                            + vendorPort + "/v1\",\"keys\":[\"sk-mock\"],\"models\":[\"" + Target.GUARDED
                            + "\"],\"priority\":1,\"limits\":" + HIGH_LIMITS + ",\"key_limits\":" + HIGH_LIMITS + "}");
        }
        gateway.ask("PATCH", "/settings", "{\"routing\":{\"" + Target.GUARDED + "\":{\"sticky\":\"prompt_cache_key\"}}}");
        gateway.post(
                "/prices", "{\"model\":\"" + Target.GUARDED + "\",\"input_usd_per_mtok\":0.15,\"output_usd_per_mtok\":0.6}");
        gateway.post(
                "/prices", "{\"model\":\"bench\",\"input_usd_per_mtok\":0.15,\"output_usd_per_mtok\":0.6}");
        return gateway;
    }

    /** A token with limits that no load reaches, for calls that stay together at channels with limits. */
    Target guarded(String name) throws IOException, InterruptedException {
        JsonNode token = post("/tokens", "{\"name\":\"" + name + "\",\"quota_usd\":null,\"limits\":" + HIGH_LIMITS + "}");
        return new Target(name, port, token.path("key").asString()).guarded();
    }

    /** @param quotaUsd a JSON number, or {@code null} for a token without a limit */
    Target target(String name, String quotaUsd) throws IOException, InterruptedException {
        JsonNode token = post("/tokens", "{\"name\":\"" + name + "\",\"quota_usd\":" + quotaUsd + "}");
        return new Target(name, port, token.path("key").asString());
    }

    Program program() {
        return program;
    }

    private void awaitReady() throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (System.nanoTime() < deadline && program.alive()) {
            try {
                HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/readyz"))
                        .timeout(Duration.ofSeconds(5))
                        .build();
                if (http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
                    return;
                }
            } catch (IOException e) {
                // Not listening yet.
            }
            Thread.sleep(200);
        }
        throw new IllegalStateException("the gateway did not become ready:\n" + program.log());
    }

    private JsonNode post(String path, String json) throws IOException, InterruptedException {
        return ask("POST", path, json);
    }

    private JsonNode ask(String method, String path, String json) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api" + path))
                .timeout(Duration.ofSeconds(30))
                .header("Authorization", "Bearer " + ADMIN_TOKEN)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(json))
                .build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() / 100 != 2) {
            throw new IllegalStateException(path + ": " + response.statusCode() + " " + response.body());
        }
        return JSON.readTree(response.body());
    }

    @Override
    public void close() throws InterruptedException {
        http.close();
        program.close();
    }
}
