package dev.sluice.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Streams as vendors really send them, and callers as they really read. */
class StreamingTest {
    private static final String STREAM =
            "{\"model\":\"gpt-4o-mini\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";
    private static final String WORD = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
    private static final String USAGE =
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n";
    private static final String DONE = "data: [DONE]\n\n";

    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();

    @BeforeEach
    void onlyThisVendor() {
        gateway.clearChannels();
        gateway.channel(vendor, "{}");
    }

    @AfterEach
    void stopVendor() {
        vendor.close();
    }

    @Test
    void passesEachEvent_beforeTheNextIsMade() {
        List<CompletableFuture<Void>> go = List.of(new CompletableFuture<>(), new CompletableFuture<>());
        vendor.then(
                Script.events(WORD).await(go.get(0)).send(WORD).await(go.get(1)).send(DONE));

        try (RawCall call = gateway.raw(gateway.token().key(), STREAM)) {
            assertThat(call.read().text()).isEqualTo(WORD);
            go.get(0).complete(null);
            assertThat(call.read().text()).isEqualTo(WORD);
            go.get(1).complete(null);
            assertThat(call.readAll()).isEqualTo(WORD + WORD + DONE);
            assertThat(call.header("cache-control")).isEqualTo("no-cache");
            assertThat(call.header("x-accel-buffering")).isEqualTo("no");
            assertThat(call.header("content-type")).startsWith("text/event-stream");
        }
    }

    @Test
    void passesAStream_thatComesByteByByte() {
        byte[] bytes = (WORD.replace("\"a\"", "\"é你😀\"") + USAGE + DONE).getBytes(UTF_8);
        List<byte[]> single = new ArrayList<>();
        for (byte each : bytes) {
            single.add(new byte[] {each});
        }
        vendor.then(Script.events().send(single));
        NewToken token = gateway.token();

        try (RawCall call = gateway.raw(token.key(), STREAM)) {
            assertThat(call.readAll()).isEqualTo(WORD.replace("\"a\"", "\"é你😀\"") + DONE);
        }
        assertThat(gateway.onlyCall(token).path("completion_tokens").asInt()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Usage in a chunk that says something too, and null in one before and one after it.
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n"
                        + "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"}}],"
                        + "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n"
                        + "data: {\"choices\":[{\"index\":0,\"delta\":{}}],\"usage\":null}\n\n",
                // Two finishes, and finishes that are none.
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n"
                        + "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"\"}]}\n\n"
                        + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
                        + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
                        + "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n",
                // The end mark as a part of what the model says.
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"data: [DONE]\\n\\n\"}}]}\n\n"
                        + "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\\"usage\\\":{}\"}}],"
                        + "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n",
                // Names and ids of events, and a field that nobody knows.
                "event: message\nid: 7\nretry: 10\n"
                        + "data: {\"choices\":[{\"index\":0,\"delta\":{}}],\"usage\":{\"prompt_tokens\":3,"
                        + "\"completion_tokens\":4,\"prompt_tokens_details\":null},\"x\":1e-7}\n\n",
            })
    void passesWhatVendorsSend_untouched_andCountsItsUsage(String events) {
        vendor.streams(events, DONE);
        NewToken token = gateway.token();

        try (RawCall call = gateway.raw(token.key(), STREAM)) {
            assertThat(call.readAll()).isEqualTo(events + DONE);
        }
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("prompt_tokens").asInt()).isEqualTo(3);
        assertThat(row.path("completion_tokens").asInt()).isEqualTo(4);
        assertThat(row.path("estimated").asBoolean()).isFalse();
        assertThat(row.path("error_code").isNull()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "null", "0"})
    void streamsOnlyWhenToldTrue(String value) {
        vendor.answers(ScriptedVendor.chat("Hi", 1, 1));

        String body = gateway.call(gateway.token().key(), STREAM.replace("true", value))
                .expect(200)
                .body();

        assertThat(body).isEqualTo(ScriptedVendor.chat("Hi", 1, 1));
        assertThat(vendor.nextCall().text()).isEqualTo(STREAM.replace("true", value));
    }

    @Test
    void servesOneCallAfterAnother_onOneConnection() {
        String request = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
                + gateway.token().key() + "\r\nContent-Length: " + STREAM.length() + "\r\n\r\n" + STREAM;
        byte[] twice = (request + request).getBytes(UTF_8);

        try (RawCall call = RawCall.send(gateway.port(), twice)) {
            assertThat(call.readAll()).endsWith(DONE);
            await().atMost(Duration.ofSeconds(5)).until(() -> vendor.calls().size() == 2);
        }
    }

    @Test
    void closesEveryVendorsConnection_whenManyCallersLeaveAtOnce() {
        vendor.always(Script.events(WORD).stall());
        NewToken token = gateway.token();
        List<RawCall> calls = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            calls.add(gateway.raw(token.key(), STREAM));
        }
        calls.forEach(call -> call.readUntil(WORD));
        for (int i = 0; i < calls.size(); i++) {
            if (i % 2 == 0) {
                calls.get(i).close();
            } else {
                calls.get(i).reset();
            }
        }

        long left = System.nanoTime();
        assertThat(vendor.calls())
                .hasSize(40)
                .allSatisfy(call -> assertThat(call.callerLeft()).succeedsWithin(Duration.ofSeconds(2)));
        assertThat(Duration.ofNanos(System.nanoTime() - left)).isLessThan(Duration.ofSeconds(1));
        assertThat(gateway.calls(token, 40)).hasSize(40).allSatisfy(row -> {
            assertThat(row.path("status").asInt()).isEqualTo(499);
            assertThat(row.path("cost_usd").decimalValue()).isPositive();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/chat/completions", "/v1/messages"})
    void endsTheAnswer_whenTheVendorLeavesItOpenAfterItsLastEvent(String path) {
        vendor.then(Script.events(ScriptedVendor.chatStream("Hi", 1, 1)).stall());
        String ask = STREAM.replace("\"stream\"", "\"max_tokens\":9,\"stream\"");

        try (RawCall call = RawCall.post(gateway.port(), path, gateway.token().key(), ask)) {
            assertThat(call.readAll()).containsAnyOf(DONE, "message_stop");
            assertThat(call.cutOff()).isFalse();
        }
        assertThat(vendor.nextCall().callerLeft()).succeedsWithin(Duration.ofSeconds(3));
    }
}
