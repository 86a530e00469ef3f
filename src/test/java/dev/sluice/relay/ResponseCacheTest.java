package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Answers that are kept: when they are given again, to whom, and for how much. */
class ResponseCacheTest {
    private static final String ASK =
            "{\"model\":\"kept-a\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";
    private static final String STREAM = ASK.replace("{\"model\"", "{\"stream\":true,\"model\"");
    private static final String HI = ScriptedVendor.chat("Hi", 100, 10);

    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();
    private long channel;

    @BeforeEach
    void keepsAnswers() {
        gateway.clearChannels();
        channel = gateway.channel(vendor, "{\"models\":[\"kept-*\",\"other\"],\"price_factor\":2}")
                .path("id")
                .asLong();
        gateway.price("kept-a", "{\"input_usd_per_mtok\":1,\"output_usd_per_mtok\":10}");
        settings("{\"response_cache\":{\"kept-*\":{\"ttl_seconds\":600,\"price_factor\":0.5}}}");
    }

    private void settings(String patch) {
        gateway.api("PATCH", "/settings", patch).expect(200);
    }

    @AfterEach
    void putBack() {
        settings("{\"response_cache\":null,\"fallback_models\":null}");
        vendor.close();
    }

    @Test
    void givesTheSameAnswerAgain_andAsksNoVendor() {
        vendor.answers(HI);
        NewToken token = gateway.token();

        Answer first = gateway.call(token.key(), ASK).expect(200);
        Answer second = gateway.call(token.key(), ASK).expect(200);

        assertThat(first.header("x-cache")).isEqualTo("miss");
        assertThat(second.header("x-cache")).isEqualTo("hit");
        assertThat(second.header("age")).isEqualTo("0");
        assertThat(second.header("content-type")).isEqualTo(first.header("content-type"));
        assertThat(second.header("x-request-id")).isNotEqualTo(first.header("x-request-id"));
        assertThat(second.body()).isEqualTo(HI);
        assertThat(vendor.calls()).hasSize(1);
    }

    @Test
    void isPaid_byTheFactorOfWhatIsKept() {
        vendor.answers(HI);
        NewToken token = gateway.token("{\"quota_usd\":1}");

        gateway.call(token.key(), ASK).expect(200);
        gateway.call(token.key(), ASK).expect(200);

        List<JsonNode> rows = gateway.calls(token, 2);
        JsonNode hit = rows.stream()
                .filter(row -> row.path("channel_id").isNull())
                .findFirst()
                .orElseThrow();
        JsonNode asked = rows.stream()
                .filter(row -> !row.path("channel_id").isNull())
                .findFirst()
                .orElseThrow();
        assertThat(asked.path("cost_usd").toString()).isEqualTo("0.0004"); // (100 + 10 * 10) millionths, times 2
        assertThat(hit.path("cost_usd").toString()).isEqualTo("0.0002");
        assertThat(hit.path("attempts").asInt()).isZero();
        assertThat(hit.path("prompt_tokens").asInt()).isEqualTo(100);
        assertThat(hit.path("completion_tokens").asInt()).isEqualTo(10);
        await().untilAsserted(() -> assertThat(
                        gateway.tokenNow(token.id()).path("used_usd").toString())
                .isEqualTo("0.0006"));
    }

    @Test
    void givesAStreamAgain_asAStream_toItsLastByte() {
        vendor.streams(ScriptedVendor.chatStream("Hello you", 100, 10));
        NewToken token = gateway.token();

        String first = read(token, STREAM);
        try (RawCall again = gateway.raw(token.key(), STREAM)) {
            assertThat(again.readAll()).isEqualTo(first).endsWith("data: [DONE]\n\n");
            assertThat(again.header("x-cache")).isEqualTo("hit");
            assertThat(again.header("content-type")).startsWith("text/event-stream");
            assertThat(again.header("cache-control")).isEqualTo("no-cache");
        }

        assertThat(gateway.calls(token, 2))
                .allSatisfy(row -> assertThat(row.path("ttft_ms").isNull()).isFalse());
        assertThat(vendor.calls()).hasSize(1);
    }

    private String read(NewToken token, String body) {
        try (RawCall call = gateway.raw(token.key(), body)) {
            return call.readAll();
        }
    }

    @Test
    void keepsPlainAnswersAndStreamsApart() {
        vendor.answers(HI);
        vendor.streams(ScriptedVendor.chatStream("Hello you", 100, 10));
        NewToken token = gateway.token();

        gateway.call(token.key(), ASK).expect(200);
        read(token, ASK.replace("Hello!\"}]", "Hello!\"}],\"stream\":true"));

        assertThat(vendor.calls()).hasSize(2);
    }

    @Test
    void isAUsersOwn_butSharedByItsTokens() {
        vendor.answers(HI);
        vendor.answers(ScriptedVendor.chat("Hi, stranger", 100, 10));
        gateway.call(gateway.token().key(), ASK).expect(200);
        long stranger = gateway.api(
                        "POST",
                        "/users",
                        "{\"username\":\"cache-stranger-" + System.nanoTime()
                                + "\",\"password\":\"a long one, really\",\"quota_usd\":null}")
                .expect(201)
                .json()
                .path("id")
                .asLong();

        Answer same = gateway.call(gateway.token().key(), ASK).expect(200);
        Answer other = gateway.call(
                        gateway.token("{\"user_id\":" + stranger + "}").key(), ASK)
                .expect(200);

        assertThat(same.header("x-cache")).isEqualTo("hit");
        assertThat(other.header("x-cache")).isEqualTo("miss");
        assertThat(other.body()).contains("stranger");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"model\":\"kept-a\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello?\"}]}",
                "{\"model\":\"kept-b\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}",
                "{\"model\":\"kept-a\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}",
                "{\"model\":\"kept-a\", \"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}"
            })
    void isNotGiven_toWhoeverAsksAnythingElse(String other) {
        vendor.alwaysAnswersChats();
        NewToken token = gateway.token();
        gateway.call(token.key(), ASK).expect(200);

        assertThat(gateway.call(token.key(), other).expect(200).header("x-cache"))
                .isEqualTo("miss");
    }

    @Test
    void isForgotten_whenTheChannelsChange() {
        vendor.alwaysAnswersChats();
        NewToken token = gateway.token();
        gateway.call(token.key(), ASK).expect(200);

        gateway.api("PATCH", "/channels/" + channel, "{\"price_factor\":3}").expect(200);

        assertThat(gateway.call(token.key(), ASK).expect(200).header("x-cache")).isEqualTo("miss");
    }

    @Test
    void isForgotten_whenItsTimeIsOver() {
        vendor.alwaysAnswersChats();
        NewToken token = gateway.token("{\"cache_ttl_seconds\":1}");
        gateway.call(token.key(), ASK).expect(200);

        await().pollDelay(Duration.ofMillis(1_100))
                .untilAsserted(() -> assertThat(gateway.call(token.key(), ASK).header("x-cache"))
                        .isEqualTo("miss"));
    }

    @Test
    void isUpToTheToken_whereThatSaysSo() {
        vendor.alwaysAnswersChats();
        NewToken never = gateway.token("{\"cache_ttl_seconds\":0}");
        NewToken always = gateway.token("{\"cache_ttl_seconds\":60}");
        String unnamed = ASK.replace("kept-a", "other");

        gateway.call(never.key(), ASK).expect(200);
        assertThat(gateway.call(never.key(), ASK).header("x-cache")).isNull();
        gateway.call(always.key(), unnamed).expect(200);
        assertThat(gateway.call(always.key(), unnamed).header("x-cache")).isEqualTo("hit");
        assertThat(gateway.call(gateway.token().key(), unnamed).header("x-cache"))
                .isNull();
        JsonNode free = gateway.calls(always, 2).stream()
                .filter(row -> row.path("channel_id").isNull())
                .findFirst()
                .orElseThrow();
        assertThat(free.path("cost_usd").toString()).isEqualTo("0");
    }

    @Test
    void isPassedOver_whereTheCallerSaysSo() {
        vendor.answers(ScriptedVendor.chat("one", 1, 1));
        vendor.answers(ScriptedVendor.chat("two", 1, 1));
        vendor.answers(ScriptedVendor.chat("three", 1, 1));
        NewToken token = gateway.token();
        gateway.call(token.key(), ASK).expect(200);

        assertThat(saying(token, "no-cache").body()).contains("two");
        assertThat(saying(token, "no-store").body()).contains("three");
        assertThat(gateway.call(token.key(), ASK).body()).contains("two");
    }

    private Answer saying(NewToken token, String cacheControl) {
        Map<String, String> headers = new HashMap<>();
        headers.put("authorization", "Bearer " + token.key());
        headers.put("content-type", "application/json");
        headers.put("cache-control", cacheControl);
        return gateway.send("POST", "/v1/chat/completions", headers, ASK).expect(200);
    }

    @Test
    void keepsNothing_thatIsNotWhole() {
        vendor.then(Script.events(ScriptedVendor.chatStream("Hello you", 100, 10)[0])
                .hangUp());
        vendor.streams(ScriptedVendor.chatStream("Hello you", 100, 10));
        NewToken token = gateway.token();

        assertThat(read(token, STREAM)).contains("upstream_error").doesNotContain("[DONE]");

        assertThat(read(token, STREAM)).endsWith("data: [DONE]\n\n");
    }

    @Test
    void keepsNothing_whenTheCallerLeaves() {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        String[] chunks = ScriptedVendor.chatStream("Hello you", 100, 10);
        vendor.then(Script.events(chunks[0]).await(gone));
        vendor.streams(chunks);
        NewToken token = gateway.token();

        try (RawCall call = gateway.raw(token.key(), STREAM)) {
            call.read();
        }
        assertThat(gateway.onlyCall(token).path("status").asInt()).isEqualTo(499);
        gone.complete(null);

        assertThat(read(token, STREAM)).endsWith("data: [DONE]\n\n");
    }

    @Test
    void keepsNothing_thatIsNo200() {
        vendor.then(Script.json(400, ScriptedVendor.error("no", "invalid_request_error", "x")));
        vendor.then(Script.json(201, HI));
        vendor.answers(HI);
        NewToken token = gateway.token();

        gateway.call(token.key(), ASK).expect(400);
        gateway.call(token.key(), ASK).expect(201);

        assertThat(gateway.call(token.key(), ASK).expect(200).header("x-cache")).isEqualTo("miss");
    }

    @Test
    void keepsNothing_thatAnotherModelAnswered() {
        settings("{\"fallback_models\":{\"kept-z\":[\"kept-a\"]}}");
        gateway.clearChannels();
        gateway.channel(vendor, "{\"models\":[\"kept-a\"]}");
        vendor.alwaysAnswersChats();
        NewToken token = gateway.token();
        String ask = ASK.replace("kept-a", "kept-z");

        gateway.call(token.key(), ask).expect(200);

        assertThat(gateway.call(token.key(), ask).expect(200).header("x-cache")).isEqualTo("miss");
    }

    @Test
    void keepsNothing_thatIsTooLarge() {
        String large = ScriptedVendor.chat("a".repeat(1_100_000), 1, 1);
        vendor.always(Script.json(200, large));
        NewToken token = gateway.token();

        gateway.call(token.key(), ASK).expect(200);
        Answer second = gateway.call(token.key(), ASK).expect(200);

        assertThat(second.header("x-cache")).isEqualTo("miss");
        assertThat(second.body()).isEqualTo(large);
    }

    @Test
    void keepsWhatIsTranslated_inTheCallersForm() {
        vendor.answers(HI);
        NewToken token = gateway.token();
        String messages =
                "{\"model\":\"kept-a\",\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

        String first =
                gateway.call("/v1/messages", token.key(), messages).expect(200).body();
        Answer second = gateway.call("/v1/messages", token.key(), messages).expect(200);

        assertThat(second.header("x-cache")).isEqualTo("hit");
        assertThat(second.body()).isEqualTo(first).contains("\"type\":\"message\"");
        assertThat(vendor.calls()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"response_cache\":{\"a\":{}}}",
                "{\"response_cache\":{\"a\":{\"ttl_seconds\":0}}}",
                "{\"response_cache\":{\"a\":{\"ttl_seconds\":2592001}}}",
                "{\"response_cache\":{\"a\":{\"ttl_seconds\":5,\"price_factor\":-1}}}",
                "{\"response_cache\":{\"a\":{\"ttl_seconds\":5,\"colour\":1}}}",
                "{\"response_cache\":{\"a\":5}}",
                "{\"queue_wait_seconds\":301}",
                "{\"queue_size\":0}"
            })
    void saysWhatIsWrong(String patch) {
        JsonNode errors =
                gateway.api("PATCH", "/settings", patch).expect(400).json().path("errors");

        assertThat(errors.path(0).path("message").asString()).contains("expected");
    }
}
