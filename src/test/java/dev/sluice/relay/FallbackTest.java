package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Json;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** When another model answers in the place of the caller's, and what it costs. */
class FallbackTest {
    private static final String HELLO =
            "{\"model\":\"fall-a\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor first = ScriptedVendor.start();
    private final ScriptedVendor second = ScriptedVendor.start();

    @BeforeEach
    void twoModels() {
        gateway.clearChannels();
        gateway.channel(first, "{\"models\":[\"fall-a\"]}");
        gateway.channel(second, "{\"models\":[\"fall-b\"],\"model_mapping\":{\"fall-b\":\"real-b\"}}");
        gateway.price("fall-a", "{\"usd_per_call\":0.001}");
        gateway.price("fall-b", "{\"usd_per_call\":0.5}");
        settings("{\"fallback_models\":{\"fall-*\":[\"fall-x\",\"fall-b\"]}}");
        first.always(Script.json(500, "{}"));
        second.alwaysAnswersChats();
    }

    private void settings(String patch) {
        gateway.api("PATCH", "/settings", patch).expect(200);
    }

    @AfterEach
    void putBack() {
        settings("{\"fallback_models\":null,\"routing\":null}");
        first.close();
        second.close();
    }

    @Test
    void answersAndIsPaid_asTheModelThatStoodIn() {
        NewToken token = gateway.token("{\"quota_usd\":1}");

        gateway.call(token.key(), HELLO).expect(200);

        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("model").asString()).isEqualTo("fall-a");
        assertThat(row.path("upstream_model").asString()).isEqualTo("real-b");
        assertThat(row.path("cost_usd").toString()).isEqualTo("0.5");
        assertThat(row.path("attempts").asInt()).isEqualTo(2);
        assertThat(second.nextCall().text()).isEqualTo(HELLO.replace("fall-a", "real-b"));
    }

    @Test
    void standsIn_whereTheModelHasNoChannelLeft() {
        gateway.clearChannels();
        gateway.channel(second, "{\"models\":[\"fall-b\"]}");

        gateway.call(gateway.token().key(), HELLO).expect(200);

        assertThat(first.calls()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"models\":[\"fall-a\"]}", "{\"quota_usd\":0.4}"})
    void isNotUsed_byATokenThatMayNot(String token) {
        int status = gateway.call(gateway.token(token).key(), HELLO).status();

        assertThat(status).isIn(502, 429);
        assertThat(second.calls()).isEmpty();
    }

    @Test
    void doesNotGoRound_whenModelsStandInForEachOther() {
        settings("{\"fallback_models\":{\"fall-a\":[\"fall-b\"],\"fall-b\":[\"fall-a\"]}}");
        second.always(Script.json(500, "{}"));
        NewToken token = gateway.token();

        gateway.call(token.key(), HELLO).expect(502);

        assertThat(gateway.onlyCall(token).path("attempts").asInt()).isEqualTo(2);
    }

    @Test
    void isNotAsked_whenTheCallItselfIsWrong() {
        first.always(Script.json(400, ScriptedVendor.error("no", "invalid_request_error", "x")));

        gateway.call(gateway.token().key(), HELLO).expect(400);

        assertThat(second.calls()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"fallback_models\":{\"a\":[]}}",
                "{\"fallback_models\":{\"a\":[\"a\"]}}",
                "{\"fallback_models\":{\"a\":[\"b*\"]}}",
                "{\"fallback_models\":{\"a\":\"b\"}}",
                "{\"fallback_models\":[]}",
                "{\"routing\":{\"a\":{\"strategy\":\"best\"}}}",
                "{\"routing\":{\"a\":{\"sticky\":\"mood\"}}}",
                "{\"routing\":{\"a\":{\"colour\":\"red\"}}}",
                "{\"routing\":{\"a\":\"fastest\"}}"
            })
    void saysWhatIsWrong(String patch) {
        String field = Json.read(patch).propertyNames().iterator().next();

        JsonNode errors =
                gateway.api("PATCH", "/settings", patch).expect(400).json().path("errors");

        assertThat(errors.path(0).path("field").asString()).isEqualTo(field);
        assertThat(errors.path(0).path("message").asString()).contains("expected");
    }

    @Test
    void staysWithOneChannel_whenTheCallsBelongTogether() {
        gateway.channel(first, "{\"models\":[\"fall-b\"],\"model_mapping\":{\"fall-b\":\"real-b\"}}");
        first.alwaysAnswersChats();
        settings("{\"routing\":{\"fall-b\":{\"sticky\":\"prompt_cache_key\"}}}");
        String key = gateway.token().key();

        for (int i = 0; i < 8; i++) {
            gateway.call(key, HELLO.replace("fall-a\"", "fall-b\",\"prompt_cache_key\":\"story\""))
                    .expect(200);
        }
        assertThat(Math.max(first.calls().size(), second.calls().size())).isEqualTo(8);
        for (int i = 0; i < 8; i++) {
            gateway.call(key, HELLO.replace("fall-a", "fall-b")).expect(200);
        }
        assertThat(first.calls().size()).as("without a key they take turns").isBetween(4, 12);
    }

    @Test
    void staysWithOneChannel_throughoutAConversation() {
        gateway.channel(first, "{\"models\":[\"fall-b\"],\"model_mapping\":{\"fall-b\":\"real-b\"}}");
        first.alwaysAnswersChats();
        settings("{\"routing\":{\"fall-b\":{\"sticky\":\"conversation\"}}}");
        String key = gateway.token().key();

        int moved = 0;
        for (int conversation = 0; conversation < 10; conversation++) {
            StringBuilder messages = new StringBuilder("{\"role\":\"system\",\"content\":\"Be kind.\"},"
                    + "{\"role\":\"user\",\"content\":\"Topic " + conversation + "\"}");
            int before = first.calls().size();
            for (int turn = 0; turn < 3; turn++) {
                gateway.call(key, "{\"model\":\"fall-b\",\"messages\":[" + messages + "]}")
                        .expect(200);
                messages.append(
                        ",{\"role\":\"assistant\",\"content\":\"Yes.\"},{\"role\":\"user\",\"content\":\"And?\"}");
            }
            assertThat(first.calls().size() - before).isIn(0, 3);
            moved += (first.calls().size() - before) / 3;
        }
        assertThat(moved).as("conversations at one of two channels").isBetween(1, 9);
    }
}
