package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a caller hears while the model thinks, and what becomes of the call after that. */
class KeepAliveTest {
    private static final String STREAM =
            "{\"model\":\"gpt-4o-mini\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";
    private static final String MESSAGE = STREAM.replace("\"stream\"", "\"max_tokens\":9,\"stream\"");
    private static final String WORD = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
    private static final String DONE = "data: [DONE]\n\n";
    private static final String ALIVE = ": keep-alive\n\n";

    private static Gateway gateway;

    private final ScriptedVendor vendor = ScriptedVendor.start();
    private final ScriptedVendor other = ScriptedVendor.start();

    @BeforeAll
    static void start() {
        gateway = Gateway.start("SLUICE_KEEP_ALIVE=60ms", "SLUICE_BODY_TIMEOUT=300ms");
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    @BeforeEach
    void oneChannelBeforeTheOther() {
        gateway.clearChannels();
        gateway.channel(vendor, "{\"priority\":9}");
        gateway.channel(other, "{}");
    }

    @AfterEach
    void stopVendors() {
        vendor.close();
        other.close();
    }

    @Test
    void comesBeforeTheFirstEvent_andBetweenEvents_andNeverAfterTheLast() {
        CompletableFuture<Void> head = new CompletableFuture<>();
        CompletableFuture<Void> rest = new CompletableFuture<>();
        vendor.then(Script.events(WORD).lateUntil(head).await(rest).send(DONE).pause(Duration.ofMillis(200)));

        try (RawCall call = gateway.raw(gateway.token().key(), STREAM)) {
            assertThat(call.readUntil(ALIVE)).isEqualTo(ALIVE);
            assertThat(call.header("content-type")).startsWith("text/event-stream");
            assertThat(call.header("x-accel-buffering")).isEqualTo("no");
            head.complete(null);
            call.readUntil(WORD + ALIVE);
            rest.complete(null);
            assertThat(call.readAll().replace(ALIVE, "")).isEqualTo(WORD + DONE);
            assertThat(call.body()).endsWith(DONE);
            assertThat(call.cutOff()).isFalse();
        }
    }

    @Test
    void neverCutsAnEventInTwo() {
        CompletableFuture<Void> rest = new CompletableFuture<>();
        vendor.then(Script.events(WORD.substring(0, 20)).await(rest).send(WORD.substring(20), DONE));

        try (RawCall call = gateway.raw(gateway.token().key(), STREAM)) {
            call.readUntil(ALIVE);
            rest.complete(null);
            assertThat(call.readAll().replace(ALIVE, "")).isEqualTo(WORD + DONE);
        }
    }

    @Test
    void staysOutOfAnEvent_thatIsTooLargeToBeHeld() {
        String large = WORD.replace("\"a\"", "\"" + "a".repeat(400_000) + "\"");
        CompletableFuture<Void> rest = new CompletableFuture<>();
        vendor.then(Script.events(large.substring(0, 390_000))
                .pause(Duration.ofMillis(250))
                .send(large.substring(390_000))
                .await(rest)
                .send(DONE));

        try (RawCall call = gateway.raw(gateway.token().key(), STREAM)) {
            assertThat(call.readUntil(large)).endsWith(large);
            call.readUntil(large + ALIVE);
            rest.complete(null);
            assertThat(call.readAll()).endsWith(DONE);
        }
    }

    @Test
    void letsTheNextChannelBeTried() {
        CompletableFuture<Void> go = new CompletableFuture<>();
        vendor.then(Script.json(500, "{}").lateUntil(go));
        other.streams(WORD, DONE);
        NewToken token = gateway.token();

        try (RawCall call = gateway.raw(token.key(), STREAM)) {
            call.readUntil(ALIVE);
            go.complete(null);
            assertThat(call.readAll().replace(ALIVE, "")).isEqualTo(WORD + DONE);
        }
        assertThat(gateway.onlyCall(token).path("error_code").isNull()).isTrue();
        assertThat(gateway.onlyCall(token).path("attempts").asInt()).isEqualTo(2);
    }

    @Test
    void endsInAnErrorEvent_andNoDone_whenNoChannelAnswersAfterIt() {
        CompletableFuture<Void> go = new CompletableFuture<>();
        vendor.then(Script.json(500, "{}").lateUntil(go));
        other.then(Script.html());
        NewToken token = gateway.token();

        try (RawCall call = gateway.raw(token.key(), STREAM)) {
            call.readUntil(ALIVE);
            go.complete(null);
            assertThat(call.readAll().replace(ALIVE, ""))
                    .startsWith("data: {\"error\":")
                    .contains("\"code\":\"upstream_error\"")
                    .doesNotContain("[DONE]");
            assertThat(call.cutOff()).isFalse();
        }
        assertThat(gateway.onlyCall(token).path("status").asInt()).isEqualTo(200);
        assertThat(gateway.onlyCall(token).path("error_code").asString()).isEqualTo("upstream_error");
        assertThat(gateway.onlyCall(token).path("cost_usd").decimalValue()).isZero();
    }

    @Test
    void tellsTheVendorsRefusalInTheCallersForm() {
        CompletableFuture<Void> go = new CompletableFuture<>();
        vendor.then(Script.json(400, ScriptedVendor.error("too long", "invalid_request_error", "x"))
                .lateUntil(go));
        NewToken token = gateway.token();

        try (RawCall call = RawCall.post(gateway.port(), "/v1/messages", Map.of("x-api-key", token.key()), MESSAGE)) {
            call.readUntil(ALIVE);
            go.complete(null);
            assertThat(call.readAll().replace(ALIVE, ""))
                    .startsWith("event: error\ndata: {\"type\":\"error\"")
                    .contains("too long");
        }
        assertThat(gateway.onlyCall(token).path("error_code").asString()).isEqualTo("upstream_refused");
        assertThat(other.calls()).isEmpty();
    }

    @Test
    void aBodyThatStopsIsNotWaitedFor() {
        byte[] head = ("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
                        + gateway.token().key() + "\r\nContent-Length: 400\r\n\r\n{\"model\"")
                .getBytes(java.nio.charset.StandardCharsets.UTF_8);

        try (RawCall call = RawCall.send(gateway.port(), head)) {
            assertThat(call.status()).isEqualTo(408);
            assertThat(call.readAll()).contains("\"code\":\"request_timeout\"");
        }
    }

    @Test
    void leavesPlainAnswersAlone() {
        vendor.then(Script.json(503, "{}").late(Duration.ofMillis(150)));
        other.then(Script.json(503, "{}"));

        try (RawCall call = gateway.raw(gateway.token().key(), STREAM.replace("true", "false"))) {
            assertThat(call.status()).isEqualTo(502);
        }
    }
}
