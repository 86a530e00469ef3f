package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Json;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Every caller's form to every vendor's: what is asked, what is answered, what it costs, and how it breaks. */
@ExtendWith(NoLeaks.class)
class FormsTest {
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

    static Stream<Arguments> pairs() {
        return Stream.of(CallersForm.values())
                .flatMap(caller -> Stream.of(VendorsForm.values()).map(form -> Arguments.of(caller, form)));
    }

    static Stream<Arguments> pairsAndScenes() {
        return pairs().flatMap(pair -> Stream.of(Scene.values())
                .filter(scene -> ((VendorsForm) pair.get()[1]).tells(scene))
                .map(scene -> Arguments.of(pair.get()[0], pair.get()[1], scene)));
    }

    /** Pairs of different forms: the others' bytes pass as they are. */
    static Stream<Arguments> translated() {
        return pairs().filter(pair -> !own((CallersForm) pair.get()[0], (VendorsForm) pair.get()[1]));
    }

    private static boolean own(CallersForm caller, VendorsForm form) {
        return switch (caller) {
            case CHAT -> form == VendorsForm.OPENAI || form == VendorsForm.AZURE;
            case RESPONSES -> form == VendorsForm.OPENAI_RESPONSES;
            case MESSAGES -> form == VendorsForm.ANTHROPIC || form == VendorsForm.VERTEX_CLAUDE;
            case GEMINI -> form == VendorsForm.GEMINI || form == VendorsForm.VERTEX_GEMINI;
        };
    }

    private static Heard heard(Scene scene, VendorsForm form) {
        Heard all = scene.heard;
        return new Heard(
                all.text(),
                all.thinking(),
                all.calls(),
                all.stop(),
                all.promptTokens(),
                form.cached(),
                all.completionTokens());
    }

    /** With some text, but no reason to stop. */
    private static List<byte[]> beginning(List<byte[]> events) {
        return events.subList(0, Math.max(1, Math.min(4, events.size() - 3)));
    }

    private Answer ask(CallersForm caller, boolean stream, NewToken token, String json) {
        return gateway.call(caller.path("m", stream), token.key(), json);
    }

    @ParameterizedTest
    @MethodSource("pairsAndScenes")
    void answersTheSame_plainAndStreamed(CallersForm caller, VendorsForm form, Scene scene) {
        gateway.channel(vendor, form.channel(vendor));
        NewToken token = gateway.token();

        vendor.then(form.answer(scene, false));
        JsonNode plain =
                ask(caller, false, token, caller.ask("m", false)).expect(200).json();
        vendor.then(form.answer(scene, true));
        String stream =
                ask(caller, true, token, caller.ask("m", true)).expect(200).body();

        assertThat(caller.plain(plain)).isEqualTo(heard(scene, form));
        assertThat(caller.streamed(stream)).isEqualTo(heard(scene, form));
        for (JsonNode row : gateway.calls(token, 2)) {
            assertThat(row.path("prompt_tokens").asLong()).isEqualTo(120);
            assertThat(row.path("cached_tokens").asLong()).isEqualTo(form.cached());
            assertThat(row.path("completion_tokens").asLong()).isEqualTo(15);
            assertThat(row.path("estimated").asBoolean()).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("translated")
    void asksTheVendorInItsOwnForm(CallersForm caller, VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        NewToken token = gateway.token();
        for (boolean stream : new boolean[] {false, true}) {
            vendor.then(form.answer(Scene.TEXT, stream));

            ask(caller, stream, token, caller.ask("m", stream)).expect(200);

            JsonNode expected = Json.read(form.expectedAsk(stream));
            if (caller == CallersForm.RESPONSES) { // it has no stop sequences
                ((ObjectNode) expected).remove(List.of("stop", "stop_sequences"));
                expected.findParents("stop").forEach(each -> ((ObjectNode) each).remove("stop"));
                expected.findParents("stopSequences").forEach(each -> ((ObjectNode) each).remove("stopSequences"));
            }
            assertThat(VendorsForm.scrubbed(vendor.nextCall().text())).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void answersTheSame_whateverTheReadsAre(CallersForm caller, VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        List<byte[]> single = new ArrayList<>();
        for (byte[] event : form.events(Scene.TEXT)) {
            for (byte each : event) {
                single.add(new byte[] {each});
            }
        }
        vendor.then(Script.pieces(200, form.streamType()).send(single));

        String stream = ask(caller, true, gateway.token(), caller.ask("m", true))
                .expect(200)
                .body();

        assertThat(caller.streamed(stream)).isEqualTo(heard(Scene.TEXT, form));
    }

    @ParameterizedTest
    @MethodSource("translated")
    void tellsAVendorsRefusal_inTheCallersForm(CallersForm caller, VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        for (boolean stream : new boolean[] {false, true}) {
            vendor.then(Script.json(422, form.error("max_tokens is too large")));

            Answer answer = ask(caller, stream, gateway.token(), caller.hello("m", stream))
                    .expect(422);

            assertThat(answer.body()).contains("max_tokens is too large");
            assertThat(caller.errorCode(answer.json())).isEqualTo("invalid_value");
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void endsAStreamThatBreaks_inTheCallersForm(CallersForm caller, VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        List<byte[]> events = form.events(Scene.TEXT);
        List<byte[]> some = beginning(events);
        NewToken token = gateway.token();
        vendor.then(Script.pieces(200, form.streamType())
                .send(some)
                .pause(Duration.ofMillis(50))
                .send(form.errorEvent()));
        byte[] half = Arrays.copyOf(events.getLast(), events.getLast().length / 2);
        vendor.then(Script.pieces(200, form.streamType())
                .send(some)
                .send(half)
                .pause(Duration.ofMillis(50))
                .hangUp());

        for (int i = 0; i < 2; i++) {
            try (RawCall call =
                    RawCall.post(gateway.port(), caller.path("m", true), token.key(), caller.hello("m", true))) {
                String body = call.readAll();
                String last = body.substring(body.lastIndexOf("data:") + 5).strip();
                assertThat(caller.errorCode(Json.read(last))).isEqualTo("upstream_error");
                assertThat(last).doesNotContain("vendor.example").doesNotContainIgnoringCase("proxy");
                assertThat(body).doesNotContain("[DONE]").doesNotContain("message_stop");
                if (caller == CallersForm.MESSAGES) {
                    assertThat(body).contains("event: error\ndata: ");
                }
            }
        }
        assertThat(gateway.calls(token, 2)).allSatisfy(row -> {
            assertThat(row.path("error_code").asString()).isEqualTo("upstream_error");
            assertThat(row.path("cost_usd").asDouble()).isZero();
        });
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void triesTheNextChannel_whileNothingWasSent(CallersForm caller, VendorsForm form) {
        try (ScriptedVendor other = ScriptedVendor.start()) {
            gateway.channel(
                    vendor, Json.merge(form.channel(vendor), "{\"priority\":5}").toString());
            gateway.channel(other, "{\"vendor\":\"openai-compatible\"}");
            vendor.then(Script.json(529, form.error("overloaded")));

            JsonNode answer = ask(caller, false, gateway.token(), caller.hello("m", false))
                    .expect(200)
                    .json();

            assertThat(caller.plain(answer).text()).isEqualTo("Hello there!");
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void leavesTheVendor_whenItsCallerLeaves(CallersForm caller, VendorsForm form) throws Exception {
        gateway.channel(vendor, form.channel(vendor));
        List<byte[]> events = form.events(Scene.TEXT);
        vendor.then(
                Script.pieces(200, form.streamType()).send(beginning(events)).stall());
        NewToken token = gateway.token();

        try (RawCall call =
                RawCall.post(gateway.port(), caller.path("m", true), token.key(), caller.hello("m", true))) {
            assertThat(call.read().text()).isNotEmpty();
        }

        vendor.nextCall().callerLeft().get(5, TimeUnit.SECONDS);
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("error_code").asString()).isEqualTo("caller_left");
        assertThat(row.path("prompt_tokens").asLong()).isPositive();
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void givesTheGatewaysOwnErrors_inTheCallersForm(CallersForm caller, VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        String hello = caller.hello("m", false);

        Answer unknown =
                gateway.call(caller.path("m", false), "sk-unknown", hello).expect(401);
        Answer empty = ask(caller, false, gateway.token(), "{}".replace("{}", "{\"model\":\"m\"}"))
                .expect(400);

        assertThat(caller.errorCode(unknown.json())).isEqualTo("invalid_api_key");
        assertThat(caller.errorCode(empty.json())).isEqualTo("missing_required_parameter");
        assertThat(caller.errorType(unknown.json()))
                .isEqualTo(
                        switch (caller) {
                            case CHAT, RESPONSES -> "authentication_error";
                            case MESSAGES -> "error authentication_error";
                            case GEMINI -> "UNAUTHENTICATED";
                        });
        assertThat(vendor.calls()).isEmpty();
    }

    /** Its name, and whether the schema is strict, some forms of callers do not say. */
    @ParameterizedTest
    @MethodSource("translated")
    void asksForJson_byTheCallersSchema(CallersForm caller, VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        NewToken token = gateway.token();
        for (boolean stream : new boolean[] {false, true}) {
            vendor.then(form.answer(Scene.TEXT, stream));

            String json = caller == CallersForm.GEMINI
                    ? caller.askForJson("m")
                    : Json.merge(caller.askForJson("m"), "{\"stream\":" + stream + "}")
                            .toString();
            ask(caller, stream, token, json).expect(200);

            String asked = vendor.nextCall()
                    .text()
                    .replaceAll("\"name\":\"(n|answer)\"", "\"name\":\"NAME\"")
                    .replaceAll(",\"strict\":(true|false)", "")
                    .replace(",\"maxOutputTokens\":100", "")
                    .replace("\"maxOutputTokens\":100,", "");
            assertThat(Json.read(asked).at(form.structured().getKey()))
                    .isEqualTo(Json.read(form.structured().getValue()));
        }
    }
}
