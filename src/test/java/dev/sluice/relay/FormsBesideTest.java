package dev.sluice.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Json;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** What the forms have beside conversations: arrays for streams, counts, embeddings, lists of models. */
@ExtendWith(NoLeaks.class)
class FormsBesideTest {
    private static final String VECTORS =
            "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[0.5,-0.25]},"
                    + "{\"object\":\"embedding\",\"index\":1,\"embedding\":[1,0]}],\"model\":\"m\",\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}}";

    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();

    @BeforeEach
    void noChannels() {
        gateway.clearChannels();
    }

    @AfterEach
    void stopVendor() {
        vendor.close();
    }

    @ParameterizedTest
    @EnumSource(VendorsForm.class)
    void streamsAnArray_toACallerWhoDoesNotAskForEvents(VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        vendor.then(form.answer(Scene.TOOLS, true));

        Answer answer = gateway.call(
                        "/v1beta/models/m:streamGenerateContent",
                        gateway.token().key(),
                        CallersForm.GEMINI.ask("m", true))
                .expect(200);

        assertThat(answer.header("content-type")).isEqualTo("application/json");
        StringBuilder events = new StringBuilder();
        answer.json().forEach(each -> events.append("data: ").append(each).append("\n\n"));
        assertThat(CallersForm.GEMINI.streamed(events.toString()))
                .usingRecursiveComparison()
                .ignoringFields("cachedTokens")
                .isEqualTo(Scene.TOOLS.heard);
    }

    @Test
    void asksAnthropicForACount_andChargesNothing() {
        gateway.channel(vendor, VendorsForm.ANTHROPIC.channel(vendor));
        gateway.price("m", "{\"input_usd_per_mtok\":1000,\"output_usd_per_mtok\":1000}");
        vendor.answers("{\"input_tokens\":42}");
        NewToken token = gateway.token();

        Answer answer = gateway.call("/v1/messages/count_tokens", token.key(), CallersForm.MESSAGES.hello("m", false))
                .expect(200);

        assertThat(answer.body()).isEqualTo("{\"input_tokens\":42}");
        assertThat(vendor.nextCall().path()).isEqualTo("/v1/messages/count_tokens");
        assertThat(gateway.onlyCall(token).path("cost_usd").asDouble()).isZero();
    }

    @Test
    void countsItself_whereNoVendorDoes() {
        gateway.channel(vendor, "{}");
        NewToken token = gateway.token();

        JsonNode count = gateway.call("/v1/messages/count_tokens", token.key(), CallersForm.MESSAGES.hello("m", false))
                .expect(200)
                .json();

        assertThat(count.path("input_tokens").asInt()).isBetween(3, 30);
        assertThat(count.path("estimated").asBoolean()).isTrue();
        assertThat(vendor.calls()).isEmpty();
        assertThat(gateway.onlyCall(token).path("cost_usd").asDouble()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"float", "base64"})
    void embedsAtGoogle_whatIsAskedInOpenAisForm(String encoding) {
        gateway.channel(vendor, VendorsForm.GEMINI.channel(vendor));
        vendor.answers("{\"embeddings\":[{\"values\":[0.5,-0.25]},{\"values\":[1,0]}]}");
        NewToken token = gateway.token();

        JsonNode answer = gateway.call(
                        "/v1/embeddings",
                        token.key(),
                        "{\"model\":\"m\",\"input\":[\"a\",\"b\"],\"dimensions\":2,\"encoding_format\":\"" + encoding
                                + "\"}")
                .expect(200)
                .json();

        JsonNode first = answer.path("data").path(0).path("embedding");
        assertThat(first.toString()).isEqualTo(encoding.equals("float") ? "[0.5,-0.25]" : "\"AAAAPwAAgL4=\"");
        assertThat(answer.path("data").path(1).path("index").asInt()).isEqualTo(1);
        assertThat(vendor.nextCall().json()).isEqualTo(Json.read("""
                                {"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"outputDimensionality":2},
                                 {"model":"models/m","content":{"parts":[{"text":"b"}]},"outputDimensionality":2}]}"""));
        assertThat(gateway.onlyCall(token).path("prompt_tokens").asInt()).isPositive();
    }

    @Test
    void embedsAtVertex_andCountsAsItCounts() {
        gateway.channel(
                vendor,
                "{\"vendor\":\"vertex\",\"base_url\":\"%s\",\"keys\":[\"an-api-key\"]}".formatted(vendor.url()));
        vendor.answers("""
                {"predictions":[{"embeddings":{"values":[0.5,-0.25],"statistics":{"token_count":4,"truncated":false}}},
                 {"embeddings":{"values":[1,0],"statistics":{"token_count":3}}}]}""");
        NewToken token = gateway.token();

        JsonNode answer = gateway.call(
                        "/v1/embeddings",
                        token.key(),
                        "{\"model\":\"text-embedding-005\",\"input\":[\"a\",\"b\"],\"dimensions\":2}")
                .expect(200)
                .json();

        assertThat(answer.path("data").path(1).path("embedding").toString()).isEqualTo("[1.0,0.0]");
        assertThat(answer.path("usage").path("prompt_tokens").asInt()).isEqualTo(7);
        var call = vendor.nextCall();
        assertThat(call.path()).isEqualTo("/v1/publishers/google/models/text-embedding-005:predict");
        assertThat(call.json()).isEqualTo(Json.read("""
                {"instances":[{"content":"a"},{"content":"b"}],"parameters":{"outputDimensionality":2}}"""));
        assertThat(gateway.onlyCall(token).path("estimated").asBoolean()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "amazon.titan-embed-text-v2:0|{\"inputText\":\"a\",\"dimensions\":256}|{\"embedding\":[0.5],\"inputTextTokenCount\":3}|3",
                "cohere.embed-v4:0|{\"input_type\":\"search_document\",\"texts\":[\"a\"],\"embedding_types\":[\"float\"],\"output_dimension\":256}|{\"embeddings\":{\"float\":[[0.5]]}}|",
            })
    void embedsAtBedrock_inTheModelsOwnForm(String model, String asked, String answered, Integer tokens) {
        gateway.channel(vendor, VendorsForm.BEDROCK.channel(vendor));
        vendor.answers(answered);
        NewToken token = gateway.token();

        JsonNode answer = gateway.call(
                        "/v1/embeddings",
                        token.key(),
                        "{\"model\":\"" + model + "\",\"input\":\"a\",\"dimensions\":256}")
                .expect(200)
                .json();

        assertThat(answer.path("data").path(0).path("embedding").toString()).isEqualTo("[0.5]");
        var call = vendor.nextCall();
        assertThat(call.path()).isEqualTo("/model/" + model.replace(":", "%3A") + "/invoke");
        assertThat(call.json()).isEqualTo(Json.read(asked));
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("estimated").asBoolean()).isEqualTo(tokens == null);
        assertThat(row.path("prompt_tokens").asInt())
                .isEqualTo(tokens == null ? row.path("prompt_tokens").asInt() : tokens);
    }

    @Test
    void embedsAtBedrock_refusesManyTexts_whereTitanTakesOne() {
        gateway.channel(vendor, VendorsForm.BEDROCK.channel(vendor));

        JsonNode error = gateway.call(
                        "/v1/embeddings",
                        gateway.token().key(),
                        "{\"model\":\"amazon.titan-embed-text-v2:0\",\"input\":[\"a\",\"b\"]}")
                .expect(400)
                .json();

        assertThat(error.path("error").path("param").asString()).isEqualTo("input");
    }

    @Test
    void embedsAtOpenAi_whatIsAskedInGooglesForm() {
        gateway.channel(vendor, "{}");
        vendor.answers(VECTORS);
        vendor.answers(VECTORS);
        NewToken token = gateway.token();

        JsonNode many = gateway.call(
                        "/v1beta/models/m:batchEmbedContents",
                        token.key(),
                        "{\"requests\":[{\"model\":\"models/m\",\"content\":{\"parts\":[{\"text\":\"a\"}]}},{\"model\":\"models/m\",\"content\":{\"parts\":[{\"text\":\"b\"}]}}]}")
                .expect(200)
                .json();
        JsonNode one = gateway.call(
                        "/v1beta/models/m:embedContent",
                        token.key(),
                        "{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"outputDimensionality\":2}")
                .expect(200)
                .json();

        assertThat(many.path("embeddings").path(1).path("values").toString()).isEqualTo("[1.0,0.0]");
        assertThat(one.path("embedding").path("values").toString()).isEqualTo("[0.5,-0.25]");
        assertThat(vendor.nextCall().json()).isEqualTo(Json.read("{\"model\":\"m\",\"input\":[\"a\",\"b\"]}"));
        assertThat(gateway.calls(token, 2).getFirst().path("prompt_tokens").asInt())
                .isEqualTo(7);
    }

    @Test
    void listsModels_inEachForm() {
        gateway.channel(vendor, "{\"models\":[\"a/b\",\"c\"]}");
        NewToken token = gateway.token();

        Answer google = gateway.send("GET", "/v1beta/models", Map.of("x-goog-api-key", token.key()), null);
        Answer anthropic = gateway.send(
                "GET", "/v1/models", Map.of("x-api-key", token.key(), "anthropic-version", "2023-06-01"), null);
        Answer one = gateway.send("GET", "/v1beta/models/a/b?key=" + token.key(), Map.of(), null);

        assertThat(google.expect(200).json().path("models").path(0).path("name").asString())
                .isEqualTo("models/a/b");
        assertThat(anthropic.expect(200).json().path("data").path(1).path("id").asString())
                .isEqualTo("c");
        assertThat(one.expect(200).json().path("name").asString()).isEqualTo("models/a/b");
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/messages, ANTHROPIC",
        "/v1beta/models/m:generateContent, GEMINI",
    })
    void passesTheBytesThrough_whereBothSpeakOneForm(String path, VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        String odd =
                "{\"model\":\"m\",\"max_tokens\":5, \"x\":1e-7,\"big\":123456789012345678901234567890,\"contents\":[{}],\"messages\":[{\"role\":\"user\",\"content\":\"a\"}] ,\"n_ull\":null}";
        String answer = form.plain(Scene.TEXT).replace("{\"", "{ \"new\":1e-7,\"");
        vendor.then(Script.whole(200, "application/json", answer.getBytes(UTF_8)));

        Answer got = gateway.call(path, gateway.token().key(), odd).expect(200);

        assertThat(vendor.nextCall().text()).isEqualTo(odd);
        assertThat(got.body()).isEqualTo(answer);
    }

    @ParameterizedTest
    @EnumSource(VendorsForm.class)
    void testsAChannel_inItsOwnForm(VendorsForm form) {
        JsonNode channel = gateway.channel(vendor, form.channel(vendor));
        vendor.then(form.answer(Scene.TEXT, false));
        vendor.then(form.answer(Scene.TEXT, true));

        for (String stream : new String[] {"false", "true"}) {
            JsonNode result = gateway.api(
                            "POST",
                            "/channels/" + channel.path("id").asLong() + "/test",
                            "{\"model\":\"m\",\"stream\":" + stream + "}")
                    .expect(200)
                    .json();
            assertThat(result.path("ok").asBoolean()).as(result.toString()).isTrue();
        }
    }
}
