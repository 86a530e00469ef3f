package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What OpenAI's API has beside text: moderations, ranks, images, sound. */
@ExtendWith(NoLeaks.class)
class OtherEndpointsTest {
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

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/v1/moderations|{\"input\":\"a\"}|{\"id\":\"modr-1\",\"model\":\"m\",\"results\":[]}|-1|-1",
                "/v1/rerank|{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\"]}|{\"model\":\"m\",\"usage\":{\"total_tokens\":7},\"results\":[]}|7|0",
                "/v1/rerank|{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\"]}|{\"id\":\"x\",\"results\":[],\"meta\":{\"billed_units\":{\"search_units\":1}}}|-1|-1",
                "/v1/images/generations|{\"model\":\"m\",\"prompt\":\"p\"}|{\"created\":1,\"data\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":100,\"total_tokens\":109}}|9|100",
            })
    void passesTheBytes_andTheUsage(String path, String ask, String answer, long prompt, long completion) {
        vendor.answers(answer);
        NewToken token = gateway.token();

        assertThat(gateway.call(path, token.key(), ask).expect(200).body()).isEqualTo(answer);

        assertThat(vendor.nextCall().text()).isEqualTo(ask);
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("endpoint").asString()).isEqualTo(path.substring(4));
        assertThat(row.path("estimated").asBoolean()).isEqualTo(prompt < 0);
        if (prompt >= 0) {
            assertThat(row.path("prompt_tokens").asLong()).isEqualTo(prompt);
            assertThat(row.path("completion_tokens").asLong()).isEqualTo(completion);
        }
    }

    @Test
    void reranksAtCohere_atItsOwnPath() {
        gateway.clearChannels();
        gateway.channel(vendor, VendorsForm.COHERE.channel(vendor));
        vendor.answers("{\"id\":\"x\",\"results\":[{\"index\":0,\"relevance_score\":1}]}");

        gateway.call("/v1/rerank", gateway.token().key(), "{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\"]}")
                .expect(200);

        assertThat(vendor.nextCall().path()).isEqualTo("/v2/rerank");
    }

    @Test
    void streamsSound_asItComes_andPricesIt() {
        gateway.price("tts-sound", "{\"input_usd_per_mtok\":1000000}");
        byte[] sound = {(byte) 0xFF, 0, 13, 10, 1};
        vendor.then(Script.pieces(200, "audio/mpeg").send(List.of(sound, sound)));
        NewToken token = gateway.token();

        Answer answer = gateway.call(
                        "/v1/audio/speech",
                        token.key(),
                        "{\"model\":\"tts-sound\",\"input\":\"Hello\",\"voice\":\"v\"}")
                .expect(200);

        assertThat(answer.header("content-type")).isEqualTo("audio/mpeg");
        assertThat(answer.body()).hasSize(10);
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("cost_usd").asDouble()).isPositive();
        assertThat(row.path("estimated").asBoolean()).isTrue();
    }

    @Test
    void pricesSpeech_byItsCharacters_andReservesThem() {
        gateway.price("tts-letters", "{\"usd_per_mchar\":15}");
        vendor.always(Script.whole(200, "audio/mpeg", new byte[] {1, 2}));
        NewToken token = gateway.token("{\"quota_usd\":0.0001}");
        String ask = "{\"model\":\"tts-letters\",\"input\":\"%s\",\"voice\":\"v\"}";

        gateway.call("/v1/audio/speech", token.key(), ask.formatted("H\u00e9 \\ud83d\\ude00\\n"))
                .expect(200);
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("cost_usd").decimalValue()).isEqualByComparingTo("0.000075"); // of five
        assertThat(row.path("price").asString()).isEqualTo("tts-letters mchar=15");

        Answer refused = gateway.call("/v1/audio/speech", token.key(), ask.formatted("Too long for it"));
        assertThat(refused.expect(429).body()).contains("insufficient_quota");
    }

    @Test
    void passesSoundInEvents_andPricesWhatTheLastTells() {
        gateway.price(
                "tts-events",
                "{\"input_usd_per_mtok\":1,\"output_usd_per_mtok\":1000,\"audio_output_usd_per_mtok\":12}");
        String events = "data: {\"type\":\"speech.audio.delta\",\"audio\":\"" + "AAAA".repeat(4_000) + "\"}\n\n"
                + "data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":14,\"output_tokens\":101,\"total_tokens\":115}}\n\n";
        vendor.then(Script.pieces(200, "text/event-stream")
                .send(List.of(
                        events.substring(0, 900).getBytes(java.nio.charset.StandardCharsets.UTF_8),
                        events.substring(900, events.length() - 30).getBytes(java.nio.charset.StandardCharsets.UTF_8),
                        events.substring(events.length() - 30).getBytes(java.nio.charset.StandardCharsets.UTF_8))));
        NewToken token = gateway.token();

        Answer answer = gateway.call(
                        "/v1/audio/speech",
                        token.key(),
                        "{\"model\":\"tts-events\",\"input\":\"Hello\",\"voice\":\"v\",\"stream_format\":\"sse\"}")
                .expect(200);

        assertThat(answer.header("content-type")).isEqualTo("text/event-stream");
        assertThat(answer.body()).isEqualTo(events);
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("estimated").asBoolean()).isFalse();
        assertThat(row.path("completion_tokens").asLong()).isEqualTo(101);
        assertThat(row.path("cost_usd").decimalValue()).isEqualByComparingTo("0.001226"); // 14 at 1, 101 at 12
    }

    @Test
    void chargesNothing_forSoundThatBreaks() {
        gateway.price("tts-broken", "{\"usd_per_call\":0.5}");
        vendor.then(Script.pieces(200, "audio/mpeg")
                .send("abc")
                .pause(java.time.Duration.ofMillis(50))
                .reset());
        NewToken token = gateway.token();

        try (RawCall call = RawCall.post(
                gateway.port(), "/v1/audio/speech", token.key(), "{\"model\":\"tts-broken\",\"input\":\"Hello\"}")) {
            call.readAll();
            assertThat(call.body()).contains("abc");
            assertThat(call.cutOff()).isTrue();
        }
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("error_code").asString()).isEqualTo("upstream_error");
        assertThat(row.path("cost_usd").asDouble()).isZero();
    }

    @Test
    void triesTheNextChannel_whenAPageComesForSound() {
        try (ScriptedVendor other = ScriptedVendor.start()) {
            gateway.channel(other, "{\"priority\":-1}");
            vendor.then(Script.html());
            other.then(Script.whole(200, "audio/wav", new byte[] {1}));

            gateway.call("/v1/audio/speech", gateway.token().key(), "{\"model\":\"m\",\"input\":\"Hello\"}")
                    .expect(200);

            assertThat(other.calls()).hasSize(1);
        }
    }
}
