package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Json;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What a call goes through, from outside: a real gateway, a vendor that follows a script, real sockets. */
@ExtendWith(NoLeaks.class)
class CarryingTest {
    private static final String HELLO =
            "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";
    private static final String STREAM =
            "{\"model\":\"gpt-4o-mini\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

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

    private static String[] streamed() {
        return ScriptedVendor.chatStream("Hello", 19, 10);
    }

    @Test
    void answersPlainly_andBooksIt() {
        vendor.answers(ScriptedVendor.chat("Hello!", 19, 10));
        NewToken token = gateway.token();

        Answer answer = gateway.call(token.key(), HELLO).expect(200);

        assertThat(answer.body()).isEqualTo(ScriptedVendor.chat("Hello!", 19, 10));
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("id").asString()).isEqualTo(answer.header("x-request-id"));
        assertThat(row.path("cost_usd").decimalValue()).isEqualByComparingTo("0.00000885");
        assertThat(row.path("prompt_tokens").asLong()).isEqualTo(19);
        assertThat(row.path("completion_tokens").asLong()).isEqualTo(10);
        assertThat(row.path("estimated").asBoolean()).isFalse();
        assertThat(gateway.tokenNow(token.id()).path("used_usd").decimalValue()).isEqualByComparingTo("0.00000885");
        assertThat(vendor.nextCall().key()).isEqualTo("sk-vendor-key-1");
    }

    @Test
    void forwardsTheBytes_asTheyCame() {
        vendor.answers(ScriptedVendor.chat("Hi", 1, 1));
        String body = "{ \"z\" : 1e-7, \"big\":123456789012345678901234567890, \"model\":\"gpt-4o-mini\",\"messages\":"
                + "[{\"role\":\"user\",\"content\":\"é 你\",\"x\":null}], \"a\":[ ] }";

        gateway.call(gateway.token().key(), body).expect(200);

        assertThat(vendor.nextCall().text()).isEqualTo(body);
    }

    @Test
    void completes_andHidesTheUsageThatOnlyTheGatewayAskedFor() {
        vendor.streams(streamed());
        NewToken token = gateway.token();

        try (RawCall call = gateway.raw(token.key(), STREAM)) {
            String body = call.readAll();
            assertThat(body).endsWith("data: [DONE]\n\n").doesNotContain("\"choices\":[],");
            assertThat(call.header("content-type")).startsWith("text/event-stream");
            assertThat(call.header("cache-control")).isEqualTo("no-cache");
            assertThat(call.header("x-accel-buffering")).isEqualTo("no");
        }
        assertThat(vendor.nextCall().text()).contains("\"stream_options\":{\"include_usage\":true}");
        assertThat(gateway.onlyCall(token).path("cost_usd").decimalValue()).isEqualByComparingTo("0.00000885");
    }

    @Test
    void showsTheUsage_toWhoAskedForIt() {
        vendor.streams(streamed());

        try (RawCall call = gateway.raw(
                gateway.token().key(), STREAM.replace("true,", "true,\"stream_options\":{\"include_usage\":true},"))) {
            assertThat(call.readAll()).isEqualTo(String.join("", streamed()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n"})
    void passesAStream_howeverItIsCut(String line) {
        String stream = (": comment\n\n" + "data:{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"é你😀\"}}]}\n\n"
                        + "data: \n\n"
                        + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
                        + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n"
                        + "data: [DONE]\n\n")
                .replace("\n", line);
        String shown = stream.replaceFirst("data: \\{\"choices\":\\[],.*?\\}\\}(\r?\n){2}", "");
        byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
        NewToken token = gateway.token();
        for (int cut = 1; cut < bytes.length; cut += 3) {
            vendor.then(Script.events()
                    .send(Arrays.copyOfRange(bytes, 0, cut))
                    .pause(Duration.ofMillis(2))
                    .send(Arrays.copyOfRange(bytes, cut, bytes.length)));
            try (RawCall call = gateway.raw(token.key(), STREAM)) {
                assertThat(call.readAll()).as("cut at " + cut).isEqualTo(shown);
            }
        }
        gateway.calls(token, (bytes.length + 1) / 3).forEach(row -> {
            assertThat(row.path("prompt_tokens").asLong()).isEqualTo(3);
            assertThat(row.path("error_code").isNull()).isTrue();
        });
    }

    @Test
    void passesAnEventOf20Megabytes() {
        vendor.then(Script.events().hugeEvent(20_000_000).send("data: [DONE]\n\n"));
        NewToken token = gateway.token();

        try (RawCall call = gateway.raw(token.key(), STREAM)) {
            assertThat(call.readAway()).isGreaterThan(19_900_000);
        }
        assertThat(gateway.onlyCall(token).path("error_code").isNull()).isTrue();
    }

    @Test
    void triesTheNextChannel_whenTheFirstFailsBeforeItsFirstByte() {
        try (ScriptedVendor broken = ScriptedVendor.start()) {
            for (Script fault : List.of(
                    Script.hangUpAtOnce(false),
                    Script.hangUpAtOnce(true),
                    Script.html(),
                    Script.half(ScriptedVendor.chat("Hi", 1, 1)),
                    Script.json(500, "{}"),
                    Script.json(503, "{}"),
                    Script.json(401, "{}"),
                    Script.json(429, "{}"),
                    Script.json(408, "{}"),
                    Script.json(302, "{}"),
                    Script.json(200, "{\"error\":{\"message\":\"busy\"}}"),
                    Script.events(streamed()))) {
                gateway.clearChannels();
                gateway.channel(broken, "{\"priority\":9,\"name\":\"broken\"}");
                gateway.channel(vendor, "{}");
                broken.clear();
                broken.then(fault);
                vendor.answers(ScriptedVendor.chat("Hello!", 19, 10));
                NewToken token = gateway.token();

                Answer answer = gateway.call(token.key(), HELLO);

                assertThat(answer.status()).as(fault + ": " + answer).isEqualTo(200);
                assertThat(broken.calls()).as(fault.toString()).hasSize(1);
                assertThat(gateway.onlyCall(token).path("attempts").asInt()).isEqualTo(2);
            }
        }
    }

    @Test
    void failsOverAStream_thatEndsBeforeItsFirstEvent() {
        try (ScriptedVendor broken = ScriptedVendor.start()) {
            gateway.channel(broken, "{\"priority\":9}");
            broken.then(Script.events().send("data: {\"choices\":[{\"de").hangUp());
            vendor.streams(streamed());

            try (RawCall call = gateway.raw(gateway.token().key(), STREAM)) {
                assertThat(call.readAll()).endsWith("data: [DONE]\n\n").doesNotContain("error");
            }
        }
    }

    @Test
    void endsInAnErrorEvent_andNeverInDone_whenTheStreamBreaksAfterItsFirstByte() {
        for (Script fault : List.of(
                Script.events(streamed()[0], streamed()[1]),
                Script.events(streamed()[0], streamed()[1], "data: {\"cho").hangUp(),
                Script.events(streamed()[0], streamed()[1])
                        .pause(Duration.ofMillis(50))
                        .reset(),
                Script.events(
                        streamed()[0],
                        streamed()[1],
                        "data: {\"error\":{\"message\":\"at api.vendor.example\"}}\n\n"))) {
            onlyThisVendor(); // three failures in a row would make it cool
            vendor.clear();
            vendor.then(fault);
            NewToken token = gateway.token();

            try (RawCall call = gateway.raw(token.key(), STREAM)) {
                String body = call.readAll();
                assertThat(body)
                        .as(fault.toString())
                        .startsWith(streamed()[0])
                        .endsWith("\"code\":\"upstream_error\"}}\n\n")
                        .doesNotContain("[DONE]")
                        .doesNotContain("vendor.example")
                        .doesNotContain("{\"cho{");
            }
            JsonNode row = gateway.onlyCall(token);
            assertThat(row.path("error_code").asString()).isEqualTo("upstream_error");
            assertThat(row.path("cost_usd").decimalValue()).isEqualByComparingTo("0");
        }
    }

    @Test
    void endsTheVendorsCall_andChargesWhatWasSeen_whenTheCallerLeaves() throws Exception {
        vendor.then(Script.events(streamed()[0], streamed()[1]).stall());
        NewToken token = gateway.token();

        RawCall call = gateway.raw(token.key(), STREAM);
        call.readUntil("Hello");
        call.close();

        assertThat(vendor.nextCall().callerLeft().get(1, TimeUnit.SECONDS)).isNotNull();
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("status").asInt()).isEqualTo(499);
        assertThat(row.path("error_code").asString()).isEqualTo("caller_left");
        assertThat(row.path("estimated").asBoolean()).isTrue();
        assertThat(row.path("prompt_tokens").asInt())
                .as("Hello! and four for its message")
                .isEqualTo(2 + 4);
        assertThat(row.path("completion_tokens").asInt()).isPositive();
        assertThat(row.path("cost_usd").decimalValue()).isPositive();
    }

    @Test
    void costsNothing_whenTheCallerLeavesBeforeAnyAnswer() throws Exception {
        vendor.then(Script.silent());
        NewToken token = gateway.token();

        RawCall call = gateway.raw(token.key(), HELLO);
        var asked = vendor.nextCall();
        call.close();

        assertThat(asked.callerLeft().get(1, TimeUnit.SECONDS)).isNotNull();
        assertThat(gateway.onlyCall(token).path("cost_usd").decimalValue()).isEqualByComparingTo("0");
    }

    @Test
    void holdsTheVendorBack_whenTheCallerReadsSlowly() {
        String chunk = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + "x".repeat(1_000) + "\"}}]}\n\n";
        vendor.then(Script.events().endless(chunk));

        try (RawCall call = RawCall.send(
                gateway.port(),
                ("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                                + gateway.token().key() + "\r\nContent-Length: " + STREAM.length() + "\r\n\r\n"
                                + STREAM)
                        .getBytes(StandardCharsets.UTF_8),
                16 * 1024)) {
            var asked = vendor.nextCall();
            long[] last = {-1, 0};
            await().pollInterval(Duration.ofMillis(300))
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> {
                        last[1] = last[0];
                        last[0] = asked.accepted();
                        return last[0] > 0 && last[0] == last[1];
                    });
            assertThat(asked.accepted()).isLessThan(32_000_000);
        }
    }

    @Test
    void serves50Of200Calls_onAQuotaFor50() {
        vendor.always(Script.json(200, ScriptedVendor.chat("Hi", 1, 1)));
        gateway.price("per-call", "{\"usd_per_call\":0.01}");
        NewToken token = gateway.token("{\"quota_usd\":0.5}");
        String call = HELLO.replace("gpt-4o-mini", "per-call");

        List<CompletableFuture<Answer>> calls = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            calls.add(gateway.callAsync(token.key(), call));
        }
        List<Answer> answers = calls.stream().map(CompletableFuture::join).toList();

        assertThat(answers.stream().filter(answer -> answer.status() == 200)).hasSize(50);
        answers.stream().filter(answer -> answer.status() != 200).forEach(answer -> {
            assertThat(answer.status()).isEqualTo(429);
            assertThat(answer.error().path("code").asString()).isEqualTo("insufficient_quota");
            assertThat(answer.header("x-should-retry")).isEqualTo("false");
        });
        gateway.calls(token, 200);
        assertThat(gateway.tokenNow(token.id()).path("used_usd").decimalValue()).isEqualByComparingTo("0.5");
    }

    @Test
    void passesTheVendorsWord_whenTheCallersOwnRequestIsRefused() {
        String word = ScriptedVendor.error("bad temperature", "invalid_request_error", "invalid_value");
        vendor.refuses(400, word);
        NewToken token = gateway.token();

        Answer answer = gateway.call(token.key(), HELLO);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).isEqualTo(word);
        assertThat(gateway.onlyCall(token).path("cost_usd").decimalValue()).isEqualByComparingTo("0");
    }

    @Test
    void asksAgainWithoutStreamOptions_whenTheVendorRefusesThem_andRemembers() {
        vendor.refuses(422, "{\"detail\":\"extra_forbidden: stream_options\"}");
        vendor.streams(ScriptedVendor.chatStreamWithoutUsage("Hello"));
        vendor.streams(ScriptedVendor.chatStreamWithoutUsage("Hello"));
        NewToken token = gateway.token();

        for (int i = 0; i < 2; i++) {
            try (RawCall call = gateway.raw(token.key(), STREAM)) {
                assertThat(call.readAll()).endsWith("data: [DONE]\n\n");
            }
        }
        assertThat(vendor.calls()).hasSize(3);
        assertThat(vendor.calls().get(1).text()).doesNotContain("stream_options");
        assertThat(vendor.calls().get(2).text()).doesNotContain("stream_options");
        gateway.calls(token, 2).forEach(row -> {
            assertThat(row.path("estimated").asBoolean()).isTrue();
            assertThat(row.path("completion_tokens").asInt()).as("Hello").isEqualTo(1);
        });
    }

    @Test
    void saysWhatIsWrong_inOpenAisForm() {
        vendor.always(Script.json(200, ScriptedVendor.chat("Hi", 1, 1)));
        gateway.clearChannels();
        gateway.channel(vendor, "{\"models\":[\"gpt-4o*\",\"free\"]}");
        String key = gateway.token("{\"models\":[\"gpt-4o*\",\"free\",\"none\"],\"quota_usd\":1}")
                .key();

        refused(gateway.call("sk-nonsense", HELLO), 401, "authentication_error", "invalid_api_key");
        refused(gateway.call("sk-" + "a".repeat(48), HELLO), 401, "authentication_error", "invalid_api_key");
        refused(gateway.call(key, "{"), 400, "invalid_request_error", "invalid_json");
        refused(gateway.call(key, "{\"messages\":[{}]}"), 400, "invalid_request_error", "missing_required_parameter");
        refused(gateway.call(key, HELLO.replace("gpt-4o-mini", "x")), 403, "permission_error", "model_not_allowed");
        refused(
                gateway.call(key, HELLO.replace("gpt-4o-mini", "none")),
                404,
                "invalid_request_error",
                "model_not_found");
        refused(
                gateway.call(key, HELLO.replace("gpt-4o-mini", "free")),
                400,
                "invalid_request_error",
                "model_not_priced");
        refused(gateway.call("/v1/nothing", key, HELLO), 404, "invalid_request_error", "unknown_url");
        refused(gateway.get("/v1/chat/completions", key), 405, "invalid_request_error", "method_not_allowed");
        refused(gateway.get("/v1/models/none", key), 404, "invalid_request_error", "model_not_found");
        String poor = gateway.token("{\"quota_usd\":0.000000001}").key();
        refused(gateway.call(poor, HELLO), 429, "insufficient_quota", "insufficient_quota");
        String slow = gateway.token("{\"limits\":{\"rpm\":1}}").key();
        gateway.call(slow, HELLO).expect(200);
        Answer limited = gateway.call(slow, HELLO);
        refused(limited, 429, "rate_limit_error", "rate_limit_exceeded");
        assertThat(limited.header("retry-after")).isNotNull();
        assertThat(limited.header("x-ratelimit-remaining-requests")).isEqualTo("0");
        String elsewhere = gateway.token("{\"allowed_ips\":[\"10.9.8.7\"]}").key();
        refused(gateway.call(elsewhere, HELLO), 403, "permission_error", "ip_not_allowed");
        String over = gateway.token("{\"expires_at\":\"2020-01-01T00:00:00Z\"}").key();
        refused(gateway.call(over, HELLO), 401, "authentication_error", "token_expired");
        String off = gateway.token("{\"enabled\":false}").key();
        refused(gateway.call(off, HELLO), 401, "authentication_error", "token_disabled");
        String large = HELLO.replace("Hello!", "x".repeat(33 * 1024 * 1024));
        refused(gateway.call(key, large), 413, "invalid_request_error", "request_too_large");
    }

    private static void refused(Answer answer, int status, String type, String code) {
        assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
        assertThat(answer.error().path("type").asString()).isEqualTo(type);
        assertThat(answer.error().path("code").asString()).isEqualTo(code);
        assertThat(answer.error().has("param")).isTrue();
        assertThat(answer.error().path("message").asString()).isNotEmpty();
        assertThat(answer.header("x-request-id")).hasSize(26);
    }

    @Test
    void saysWhatTheVendorsSaid_whenNoneAnswers() {
        String key = gateway.token().key();
        vendor.then(Script.json(429, "{}").header("Retry-After", "7"));
        Answer limited = gateway.call(key, HELLO);
        refused(limited, 429, "rate_limit_error", "upstream_rate_limited");
        assertThat(limited.header("retry-after")).isEqualTo("7");

        Answer none = gateway.call(key, HELLO);
        refused(none, 503, "server_error", "no_available_channel");
        assertThat(Integer.parseInt(none.header("retry-after"))).isBetween(1, 7);

        gateway.clearChannels();
        gateway.channel(vendor, "{}");
        vendor.then(Script.json(500, "{\"error\":{\"message\":\"at 10.0.0.1\"}}"));
        Answer broken = gateway.call(key, HELLO);
        refused(broken, 502, "server_error", "upstream_error");
        assertThat(broken.header("x-should-retry")).isEqualTo("false");
        assertThat(broken.body()).doesNotContain("10.0.0.1");

        gateway.clearChannels();
        gateway.channel(vendor, "{\"timeouts\":{\"first_byte_ms\":200}}");
        vendor.then(Script.silent());
        refused(gateway.call(key, HELLO), 504, "server_error", "upstream_timeout");
    }

    @Test
    void takesTheModelsName_throughTheMapping_andReachesEachEndpoint() {
        gateway.clearChannels();
        gateway.channel(vendor, "{\"models\":[\"mine\"],\"model_mapping\":{\"mine\":\"theirs\"}}");
        vendor.answers(ScriptedVendor.chat("Hi", 1, 1));
        vendor.answers("{\"object\":\"list\",\"data\":[],\"usage\":{\"prompt_tokens\":5,\"total_tokens\":5}}");
        String key = gateway.token().key();

        gateway.call("/v1/completions", key, "{\"model\":\"mine\",\"prompt\":\"a\"}")
                .expect(200);
        gateway.call("/v1/embeddings", key, "{\"model\":\"mine\",\"input\":\"a\"}")
                .expect(200);

        assertThat(vendor.calls().get(0).path()).isEqualTo("/v1/completions");
        assertThat(vendor.calls().get(0).json().path("model").asString()).isEqualTo("theirs");
        assertThat(vendor.calls().get(1).path()).isEqualTo("/v1/embeddings");
        JsonNode models = gateway.get("/v1/models", key).expect(200).json();
        assertThat(models.path("data").get(0).path("id").asString()).isEqualTo("mine");
        assertThat(Json.read(gateway.get("/v1/models/mine", key).expect(200).body())
                        .path("id")
                        .asString())
                .isEqualTo("mine");
    }
}
