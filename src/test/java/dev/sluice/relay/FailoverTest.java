package dev.sluice.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** When another channel is tried, which one, and when none is. */
class FailoverTest {
    private static final String HELLO =
            "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";
    private static final String STREAM = HELLO.replace("\"messages\"", "\"stream\":true,\"messages\"");

    private final Gateway gateway = Gateway.shared();
    private final List<ScriptedVendor> vendors = new ArrayList<>();

    @BeforeEach
    void noChannels() {
        gateway.clearChannels();
    }

    @AfterEach
    void stopVendors() {
        vendors.forEach(ScriptedVendor::close);
    }

    private ScriptedVendor channel(String overrides) {
        ScriptedVendor vendor = ScriptedVendor.start();
        vendors.add(vendor);
        gateway.channel(vendor, overrides);
        return vendor;
    }

    static Stream<Arguments> faults() {
        Duration moment = Duration.ofMillis(50);
        return Stream.of(
                Arguments.of("402", Script.json(402, "{}")),
                Arguments.of("403", Script.json(403, "{}")),
                Arguments.of("529", Script.json(529, "{}")),
                Arguments.of("500 that mentions the context length", Script.json(500, "context_length_exceeded")),
                Arguments.of("not HTTP", Script.raw("SSH-2.0-OpenSSH_9\r\n").hangUp()),
                Arguments.of("silence", Script.silent()),
                Arguments.of("headers and then silence", Script.events().stall()),
                Arguments.of(
                        "headers and then a reset",
                        Script.events().pause(moment).reset()),
                Arguments.of("headers and then the end", Script.events().hangUp()),
                Arguments.of("an empty stream", Script.events()),
                Arguments.of("HTML", Script.html()),
                Arguments.of("JSON to a stream", Script.json(200, ScriptedVendor.chat("Hi", 1, 1))),
                Arguments.of(
                        "an error with the status of a success",
                        Script.events("data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void streamsFromTheNextChannel_whenTheFirstFailsBeforeItsFirstByte(String name, Script fault) {
        ScriptedVendor broken = channel("{\"priority\":9,\"timeouts\":{\"first_byte_ms\":300}}");
        ScriptedVendor good = channel("{}");
        broken.always(fault);
        good.streams(ScriptedVendor.chatStream("Hello", 19, 10));
        NewToken token = gateway.token();

        try (RawCall call = gateway.raw(token.key(), STREAM)) {
            assertThat(call.readAll())
                    .startsWith(ScriptedVendor.chatStream("Hello", 19, 10)[0])
                    .endsWith("data: [DONE]\n\n")
                    .doesNotContain("overloaded");
            assertThat(call.status()).isEqualTo(200);
        }
        assertThat(broken.calls()).hasSize(1);
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("attempts").asInt()).isEqualTo(2);
        assertThat(row.path("prompt_tokens").asInt()).isEqualTo(19);
    }

    @Test
    void goesOn_whenNobodyListens() {
        channel("{\"priority\":9}").close();
        ScriptedVendor good = channel("{}");

        gateway.call(gateway.token().key(), HELLO).expect(200);

        assertThat(good.calls()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 404, 409, 413, 415, 422})
    void passesTheVendorsRefusal_andAsksNobodyElse(int status) {
        ScriptedVendor first = channel("{\"priority\":9}");
        ScriptedVendor second = channel("{}");
        String word = ScriptedVendor.error("no", "invalid_request_error", "context_length_exceeded");
        first.always(Script.json(status, word));
        String key = gateway.token().key();

        Answer plain = gateway.call(key, HELLO);
        Answer stream = gateway.call(key, STREAM);

        assertThat(plain.status()).isEqualTo(status);
        assertThat(plain.body()).isEqualTo(word);
        assertThat(stream.status()).isEqualTo(status);
        assertThat(stream.body()).isEqualTo(word);
        assertThat(second.calls()).isEmpty();
    }

    @Test
    void passesARefusal_thatComesAsAnEventStream() {
        channel("{}")
                .always(Script.whole(400, "text/event-stream", "data: {\"a\":1}\n\ndata: [DONE]\n\n".getBytes(UTF_8)));

        Answer answer = gateway.call(gateway.token().key(), STREAM);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains("{\"a\":1}");
    }

    @Test
    void triesFourChannels_andNoneOfThemTwice() {
        List<ScriptedVendor> all = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            all.add(channel("{}"));
        }
        all.forEach(vendor -> vendor.always(Script.json(500, "{}")));
        NewToken token = gateway.token();

        assertThat(gateway.call(token.key(), HELLO).status()).isEqualTo(502);

        assertThat(all.stream().mapToInt(vendor -> vendor.calls().size()).sum()).isEqualTo(4);
        assertThat(all).allSatisfy(vendor -> assertThat(vendor.calls()).hasSizeLessThan(2));
        assertThat(gateway.onlyCall(token).path("attempts").asInt()).isEqualTo(4);
    }

    @Test
    void theLedgerTellsWhichChannelsFailed_andWhy() {
        ScriptedVendor limited = channel("{\"priority\":9,\"models\":[\"told\"]}");
        ScriptedVendor mad = channel("{\"priority\":8,\"models\":[\"told\"]}");
        ScriptedVendor well = channel("{\"priority\":7,\"models\":[\"told\"]}");
        limited.always(Script.json(429, "{}"));
        mad.always(Script.html());
        well.always(Script.json(200, ScriptedVendor.chat("Hi", 1, 1)));
        NewToken token = gateway.token();
        String call = "{\"model\":\"told\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
        gateway.call(token.key(), call).expect(200);
        JsonNode row = gateway.onlyCall(token);
        long answered = row.path("channel_id").asLong();
        assertThat(row.path("attempts").asInt()).isEqualTo(3);
        assertThat(row.path("failed_attempts").toString())
                .isEqualTo(
                        "[{\"channel_id\":%d,\"reason\":\"rate_limited\"},{\"channel_id\":%d,\"reason\":\"not_the_protocol\"}]"
                                .formatted(answered - 2, answered - 1));
    }

    @Test
    void triesAsManyAsTheSettingSays() {
        List<ScriptedVendor> all = List.of(channel("{}"), channel("{}"), channel("{}"));
        all.forEach(vendor -> vendor.always(Script.json(500, "{}")));
        gateway.api("PATCH", "/settings", "{\"max_attempts\":2}").expect(200);
        try {
            assertThat(gateway.call(gateway.token().key(), HELLO).status()).isEqualTo(502);
        } finally {
            gateway.api("PATCH", "/settings", "{\"max_attempts\":null}").expect(200);
        }
        assertThat(all.stream().mapToInt(vendor -> vendor.calls().size()).sum()).isEqualTo(2);
    }

    @Test
    void triesSiblingsFirst_andThenTheNextLowerPriority() {
        ScriptedVendor lowest = channel("{\"priority\":0}");
        ScriptedVendor high = channel("{\"priority\":5}");
        ScriptedVendor sibling = channel("{\"priority\":5}");
        ScriptedVendor middle = channel("{\"priority\":3}");
        List.of(high, sibling).forEach(vendor -> vendor.always(Script.json(500, "{}")));

        gateway.call(gateway.token().key(), HELLO).expect(200);

        assertThat(high.calls()).hasSize(1);
        assertThat(sibling.calls()).hasSize(1);
        assertThat(middle.calls()).hasSize(1);
        assertThat(lowest.calls()).isEmpty();
    }

    @Test
    void triesTheChannelsOtherKey_andLeavesTheRefusedOneAlone() {
        ScriptedVendor vendor = channel("{\"keys\":[\"sk-one\",\"sk-two\"]}");
        vendor.forKey("sk-one").always(Script.json(401, "{}"));
        String key = gateway.token().key();

        for (int i = 0; i < 5; i++) {
            gateway.call(key, HELLO).expect(200);
        }

        assertThat(vendor.calls().stream()
                        .filter(call -> "sk-one".equals(call.key()))
                        .count())
                .isEqualTo(1);
    }

    @Test
    void spreadsByWeight_smoothly() {
        ScriptedVendor five = channel("{\"weight\":5}");
        ScriptedVendor one = channel("{\"weight\":1}");
        ScriptedVendor other = channel("{\"weight\":1}");
        Map<ScriptedVendor, String> names = Map.of(five, "a", one, "b", other, "c");
        String key = gateway.token().key();
        StringBuilder sequence = new StringBuilder();
        for (int i = 0; i < 14; i++) {
            int[] before =
                    vendors.stream().mapToInt(vendor -> vendor.calls().size()).toArray();
            gateway.call(key, HELLO).expect(200);
            for (int v = 0; v < vendors.size(); v++) {
                if (vendors.get(v).calls().size() > before[v]) {
                    sequence.append(names.get(vendors.get(v)));
                }
            }
        }

        // The sequence of the algorithm's inventors; ties go to whoever was made first.
        assertThat(sequence.toString()).isEqualTo("aabacaa" + "aabacaa");
    }

    @Test
    void leavesAChannelAlone_asLongAsItSaidSo() {
        ScriptedVendor limited = channel("{\"priority\":9}");
        ScriptedVendor good = channel("{}");
        limited.then(Script.json(429, "{}").header("Retry-After", "30"));
        String key = gateway.token().key();

        for (int i = 0; i < 4; i++) {
            gateway.call(key, HELLO).expect(200);
        }

        assertThat(limited.calls()).hasSize(1);
        assertThat(good.calls()).hasSize(4);
    }

    @Test
    void sendsTheNextChannelTheCallersBody_notTheLastOnes() {
        ScriptedVendor first = channel("{\"priority\":9,\"model_mapping\":{\"gpt-4o-mini\":\"theirs\"}}");
        ScriptedVendor second = channel("{}");
        first.always(Script.json(500, "{}"));

        gateway.call(gateway.token().key(), HELLO).expect(200);

        assertThat(first.nextCall().text()).isEqualTo(HELLO.replace("gpt-4o-mini", "theirs"));
        assertThat(second.nextCall().text()).isEqualTo(HELLO);
    }

    @Test
    void endsInAnErrorEvent_whenTheVendorFallsSilentInMidStream() {
        ScriptedVendor vendor = channel("{\"timeouts\":{\"idle_ms\":300}}");
        vendor.then(Script.events(ScriptedVendor.chatStream("Hello", 1, 1)[0]).stall());

        try (RawCall call = gateway.raw(gateway.token().key(), STREAM)) {
            assertThat(call.readAll())
                    .endsWith("\"code\":\"upstream_error\"}}\n\n")
                    .doesNotContain("[DONE]");
        }
        assertThat(vendor.nextCall().callerLeft()).succeedsWithin(Duration.ofSeconds(2));
    }

    @Test
    void namesNeitherChannelNorVendor_whateverHappens() {
        ScriptedVendor vendor = channel("{\"name\":\"secret-channel\",\"keys\":[\"sk-vendor-secret\"]}");
        String key = gateway.token().key();
        List<String> all = new ArrayList<>();
        for (Script script : List.of(
                Script.json(200, ScriptedVendor.chat("Hi", 1, 1))
                        .header("Server", "vendor-frontend")
                        .header("Set-Cookie", "a=b")
                        .header("openai-organization", "secret-org")
                        .header("cf-ray", "secret-ray"),
                Script.json(401, ScriptedVendor.error("Incorrect key sk-vendor-secret", "a", "b")),
                Script.json(500, vendor.url()),
                Script.raw("nonsense").hangUp())) {
            vendor.then(script);
            Answer answer = gateway.call(key, HELLO);
            all.add(answer.toString());
            gateway.clearChannels();
            gateway.channel(vendor, "{\"name\":\"secret-channel\",\"keys\":[\"sk-vendor-secret\"]}");
        }

        assertThat(all)
                .allSatisfy(text -> assertThat(text)
                        .doesNotContain("secret-channel", "vendor-secret", "secret-org", "secret-ray", "set-cookie")
                        .doesNotContain("vendor-frontend", String.valueOf(vendor.port())));
    }

    @Test
    void endsAnAnswerThatTakesTooLongInAll_howeverMuchStillComes() {
        ScriptedVendor endless = channel("{\"timeouts\":{\"total_ms\":400}}");
        endless.always(
                Script.events().drip(ScriptedVendor.chatStream("Hi", 1, 1)[0].repeat(60), 400, Duration.ofMillis(40)));
        NewToken token = gateway.token();
        long begun = System.nanoTime();

        try (RawCall call = gateway.raw(token.key(), STREAM)) {
            assertThat(call.readAll()).contains("data: {\"error\":").doesNotContain("[DONE]");
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .isBetween(Duration.ofMillis(380), Duration.ofSeconds(1));
        assertThat(gateway.onlyCall(token).path("error_code").asString()).isEqualTo("upstream_timeout");
    }
}
