package dev.sluice.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.ScriptedVendor;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** What callers may send: the strange that is right goes through, the wrong reaches no vendor. */
class RequestsTest {
    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();
    private final String key = gateway.token().key();

    @BeforeEach
    void onlyThisVendor() {
        gateway.clearChannels();
        gateway.channel(vendor, "{}");
    }

    @AfterEach
    void stopVendor() {
        vendor.close();
    }

    static Stream<String> nonsense() {
        return Stream.of(
                "",
                " ",
                "null",
                "[]",
                "\"model\"",
                "{\"model\":5,\"messages\":[]}",
                "{\"model\":null}",
                "{\"model\":\"\"}",
                "{\"model\":{\"model\":\"gpt-4o-mini\"}}",
                "{\"messages\":[{\"model\":\"gpt-4o-mini\"}]}",
                "{\"model\":\"gpt-4o-mini\",\"messages\":[}",
                "{\"model\":\"gpt-4o-mini\"} trailing",
                "{\"model\":\"gpt-4o-mini\",\"messages\":" + "[".repeat(200_000));
    }

    @ParameterizedTest
    @MethodSource("nonsense")
    void refusesNonsense_andAsksNoVendor(String body) {
        Answer answer = gateway.call(key, body);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.error().path("type").asString()).isEqualTo("invalid_request_error");
        assertThat(answer.error().path("code").asString())
                .isIn("invalid_json", "missing_required_parameter", "invalid_value");
        assertThat(vendor.calls()).isEmpty();
    }

    @Test
    void forwardsTheStrangeButRight() {
        String body = "\n{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud83d\\ude00 \\u0000 é\",\"model\":\"x\"}],"
                + "\"seed\":-9223372036854775809,\"e\":1E400,\"z\":-0.0,\"deep\":" + "[".repeat(200) + "]".repeat(200)
                + ",\"\":{},\"model\" :\t\"gpt-4o-mini\"}\n";

        gateway.call(key, body).expect(200);

        assertThat(vendor.nextCall().text()).isEqualTo(body);
    }

    @Test
    void keepsTheCallersCredentialsToItself() {
        Map<String, String> headers = Map.of(
                "Authorization", "Bearer " + key,
                "Cookie", "a=b",
                "x-api-key", "sk-else",
                "X-Forwarded-For", "203.0.113.9",
                "Forwarded", "for=203.0.113.9",
                "X-Stainless-Lang", "java",
                "OpenAI-Beta", "assistants=v2");

        gateway.send("POST", "/v1/chat/completions?key=" + key, headers, hello())
                .expect(200);

        String seen = vendor.calls().get(0).uri() + vendor.calls().get(0).headers();
        assertThat(seen)
                .doesNotContain(key)
                .doesNotContain("a=b", "sk-else", "203.0.113.9", "tainless")
                .contains("assistants=v2", "sk-vendor-key-1");
    }

    @Test
    void takesABody_thatComesChunked_andInPieces() {
        String body = hello();
        String head = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key
                + "\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
        try (RawCall call = RawCall.send(gateway.port(), head.getBytes(UTF_8))) {
            for (byte each : body.getBytes(UTF_8)) {
                call.more(new byte[] {'1', '\r', '\n', each, '\r', '\n'});
            }
            call.more("0\r\n\r\n".getBytes(UTF_8));

            assertThat(call.status()).isEqualTo(200);
        }
        assertThat(vendor.nextCall().text()).isEqualTo(body);
    }

    @Test
    void givesEveryAnswerItsOwnId_andTrustsNobodyElses() {
        Map<String, String> headers = Map.of("Authorization", "Bearer " + key, "x-request-id", "mine");

        Answer one = gateway.send("POST", "/v1/chat/completions", headers, hello());
        Answer other = gateway.send("POST", "/v1/chat/completions", Map.of(), hello());

        assertThat(one.header("x-request-id")).isNotEqualTo("mine").isNotEqualTo(other.header("x-request-id"));
        assertThat(other.status()).isEqualTo(401);
        assertThat(other.header("x-request-id")).isNotNull();
    }

    @Test
    void keepsEveryDigit_ofWhatComesBack() {
        String answer = "{\"id\":\"a\", \"choices\":[],\"created\":123456789012345678901,\"x\":1e-7,\"n\":null,"
                + "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}";
        vendor.answers(answer);

        assertThat(gateway.call(key, hello()).expect(200).body()).isEqualTo(answer);
    }

    @Test
    void listsModels_butNoGlobs() {
        gateway.clearChannels();
        gateway.channel(vendor, "{\"models\":[\"gpt-4o-mini\",\"org/model:free\",\"claude-*\"]}");

        JsonNode models = gateway.get("/v1/models", key).expect(200).json().path("data");

        assertThat(models.findValuesAsString("id"))
                .contains("gpt-4o-mini", "org/model:free")
                .doesNotContain("claude-*");
        gateway.get("/v1/models/org/model:free", key).expect(200);
        gateway.get("/v1/models/org%2Fmodel:free", key).expect(200);
        gateway.get("/v1/models/absent", key).expect(404);
        gateway.get("/v1/models", "sk-wrong").expect(401);
    }

    private static String hello() {
        return "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";
    }
}
