package dev.sluice.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A real process under calls is killed without warning: every answer that a caller saw whole is in the books, once. */
class CrashTest {
    private static final String CALL = "{\"model\":\"priced\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    private static final int ROUNDS = 3;

    @Test
    @Timeout(180)
    void losesNoCall_andBooksNoneTwice_whenItIsKilled(@TempDir Path data) throws Exception {
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            vendor.always(Script.json(200, ScriptedVendor.chat("Hi", 1, 1)));
            NewToken token;
            try (Gateway gateway = Gateway.startIn(data)) {
                gateway.channel(vendor, "{\"models\":[\"priced\"]}");
                gateway.price("priced", "{\"usd_per_call\":0.001}");
                token = gateway.token("{\"quota_usd\":1000}");
            }
            Set<String> answered = ConcurrentHashMap.newKeySet();
            for (int round = 0; round < ROUNDS; round++) {
                int before = answered.size();
                kill(data, token.key(), answered);
                assertThat(answered.size()).as("answers of round " + round).isGreaterThan(before);
            }
            try (Gateway gateway = Gateway.startIn(data)) {
                List<String> booked = booked(gateway, token);
                assertThat(booked).doesNotHaveDuplicates();
                Set<String> missing = new HashSet<>(answered);
                booked.forEach(missing::remove);
                assertThat(missing).as("answered, but not in the books").isEmpty();
                assertThat(gateway.tokenNow(token.id()).path("used_usd").decimalValue())
                        .as("the counter is the sum of the rows")
                        .isEqualByComparingTo(new java.math.BigDecimal("0.001")
                                .multiply(java.math.BigDecimal.valueOf(paid(gateway, token))));
            }
        }
    }

    private static void kill(Path data, String key, Set<String> answered) throws Exception {
        int port = freePort();
        ProcessBuilder java = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.sluice.Sluice");
        java.environment().put("SLUICE_PORT", Integer.toString(port));
        java.environment().put("SLUICE_MANAGEMENT_PORT", "0");
        java.environment().put("SLUICE_DATA_DIR", data.toString());
        Process process = java.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        data.resolve("process.log").toFile()))
                .start();
        ExecutorService callers = Executors.newFixedThreadPool(8);
        try (HttpClient http = HttpClient.newHttpClient()) {
            await().atMost(Duration.ofSeconds(40))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> ready(http, port));
            int enough = answered.size() + 150;
            for (int i = 0; i < 8; i++) {
                callers.execute(() -> callUntilItDies(http, port, key, answered));
            }
            await().atMost(Duration.ofSeconds(30)).until(() -> answered.size() > enough);
        } finally {
            process.destroyForcibly().waitFor();
            callers.shutdownNow();
            assertThat(callers.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static boolean ready(HttpClient http, int port) throws InterruptedException {
        try {
            return http.send(
                                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/readyz"))
                                            .build(),
                                    HttpResponse.BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (IOException e) {
            return false;
        }
    }

    private static void callUntilItDies(HttpClient http, int port, String key, Set<String> answered) {
        HttpRequest call = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/chat/completions"))
                .header("Authorization", "Bearer " + key)
                .POST(HttpRequest.BodyPublishers.ofString(CALL))
                .build();
        try {
            while (!Thread.currentThread().isInterrupted()) {
                HttpResponse<String> answer = http.send(call, HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == 200) {
                    answered.add(answer.headers().firstValue("x-request-id").orElseThrow());
                }
            }
        } catch (IOException | InterruptedException e) {
            // it was killed
        }
    }

    private static List<String> booked(Gateway gateway, NewToken token) {
        return gateway.send(
                        "GET",
                        "/api/calls?token_id=" + token.id(),
                        java.util.Map.of("Authorization", "Bearer " + Gateway.ADMIN_TOKEN, "Accept", "text/csv"),
                        null)
                .expect(200)
                .body()
                .lines()
                .skip(1)
                .map(line -> line.substring(0, line.indexOf(',')))
                .toList();
    }

    private static long paid(Gateway gateway, NewToken token) {
        JsonNode usage = gateway.api("GET", "/usage?group_by=token_id&token_id=" + token.id(), null)
                .expect(200)
                .json()
                .path("data");
        return usage.get(0).path("calls").asLong() - usage.get(0).path("errors").asLong();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
