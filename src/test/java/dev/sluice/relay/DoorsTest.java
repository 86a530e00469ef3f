package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How callers come in: every form of a credential, browsers, compressed bodies, and a gateway that is going down. */
@ExtendWith(NoLeaks.class)
class DoorsTest {
    private static final String HELLO = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();

    @BeforeEach
    void onlyThisVendor() {
        gateway.clearChannels();
        gateway.channel(vendor, "{}");
        vendor.always(Script.json(200, ScriptedVendor.chat("Hi", 1, 1)));
    }

    @AfterEach
    void stopVendor() {
        vendor.close();
    }

    @Test
    void findsTheKey_whereverTheSdksPutIt() {
        String key = gateway.token().key();
        for (Map<String, String> headers : java.util.List.of(
                Map.of("Authorization", "Bearer " + key),
                Map.of("Authorization", "bearer " + key),
                Map.of("x-api-key", key),
                Map.of("api-key", key),
                Map.of("x-goog-api-key", key),
                Map.of("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key." + key))) {
            assertThat(gateway.send("POST", "/v1/chat/completions", headers, HELLO)
                            .status())
                    .as(headers.keySet().toString())
                    .isEqualTo(200);
        }
        assertThat(gateway.send("POST", "/v1/chat/completions?key=" + key, Map.of(), HELLO)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void pinsAChannel_forAnAdminsToken() {
        try (ScriptedVendor other = ScriptedVendor.start()) {
            long id = gateway.channel(other, "{\"priority\":-5}").path("id").asLong();
            other.always(Script.json(200, ScriptedVendor.chat("other", 1, 1)));
            NewToken token = gateway.token();

            assertThat(gateway.call(token.key() + "-" + id, HELLO).expect(200).body())
                    .contains("other");
            assertThat(gateway.call(token.key() + "-999999", HELLO).status()).isEqualTo(404);
        }
    }

    @Test
    void answersPreflights_fromAnyOrigin() {
        Answer answer = gateway.send(
                "OPTIONS",
                "/v1/chat/completions",
                Map.of("Access-Control-Request-Headers", "authorization,content-type,x-stainless-os"),
                null);

        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
        assertThat(answer.header("access-control-allow-headers")).contains("authorization", "x-stainless-os");
        assertThat(answer.header("access-control-allow-credentials")).isNull();
    }

    @Test
    void readsCompressedBodies_andCountsThemUnpacked() throws Exception {
        String key = gateway.token().key();
        assertThat(packed(key, HELLO)).isEqualTo(200);
        assertThat(packed(key, HELLO.replace("Hi", "x".repeat(40_000_000)))).isEqualTo(413);
        assertThat(gateway.send(
                                "POST",
                                "/v1/chat/completions",
                                Map.of("x-api-key", key, "Content-Encoding", "zstd"),
                                HELLO)
                        .status())
                .isEqualTo(415);
    }

    private int packed(String key, String json) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(json.getBytes(StandardCharsets.UTF_8));
        }
        byte[] head = ("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: " + key
                        + "\r\nContent-Encoding: gzip\r\nConnection: close\r\nContent-Length: " + bytes.size()
                        + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(head);
        all.write(bytes.toByteArray());
        try (RawCall call = RawCall.send(gateway.port(), all.toByteArray())) {
            return call.status();
        }
    }

    @Test
    void letsRunningCallsFinish_andTakesNoNewOnes_whenItGoesDown() throws Exception {
        var more = new java.util.concurrent.CompletableFuture<Void>();
        Gateway own = Gateway.start();
        own.channel(vendor, "{}");
        String[] stream = ScriptedVendor.chatStream("Hello", 1, 1);
        vendor.always(
                Script.events(stream[0]).await(more).send(java.util.Arrays.copyOfRange(stream, 1, stream.length)));
        NewToken token = own.token();
        int port = own.port();
        try (RawCall call = own.raw(token.key(), HELLO.replace("\"m\",", "\"m\",\"stream\":true,"))) {
            call.readUntil("\n\n");
            Thread closing = new Thread(own::close);
            closing.start();
            org.awaitility.Awaitility.await().until(() -> status(port, "GET /readyz", "") == 503);
            assertThat(status(port, "GET /healthz", "")).isEqualTo(200);
            assertThat(status(port, "POST /v1/chat/completions", token.key())).isEqualTo(503);
            more.complete(null);

            assertThat(call.readAll()).endsWith("data: [DONE]\n\n");
            closing.join(20_000);
            assertThat(closing.isAlive()).isFalse();
        }
    }

    private static int status(int port, String line, String key) {
        String request = line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-api-key: " + key
                + "\r\nContent-Length: 2\r\n\r\n{}";
        try (RawCall call = RawCall.send(port, request.getBytes(StandardCharsets.US_ASCII))) {
            return call.status();
        }
    }
}
