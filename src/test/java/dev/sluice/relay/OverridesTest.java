package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Json;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** What an operator changes in the calls of one channel. */
@ExtendWith(NoLeaks.class)
class OverridesTest {
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

    private static String options(String name, String value) {
        return "{\"options\":{" + Json.quote(name) + ":" + Json.quote(value) + "}}";
    }

    @Test
    void setsFillsInAndRemovesFields() {
        gateway.channel(vendor, """
                {"options":{"set":"{\\"temperature\\":0}","defaults":"{\\"temperature\\":9,\\"top_p\\":0.5}","remove":"user, seed"}}""");

        gateway.call(
                        gateway.token().key(),
                        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"temperature\":1,\"user\":\"u\",\"seed\":1,\"x\":12345678901234567890}")
                .expect(200);

        assertThat(vendor.nextCall().text())
                .isEqualTo(
                        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"temperature\":0,\"x\":12345678901234567890,\"top_p\":0.5}");
    }

    @ParameterizedTest
    @EnumSource(VendorsForm.class)
    void putsItsWordsBeforeTheSystemPrompt_inEachForm(VendorsForm form) {
        JsonNode channel = Json.read(form.channel(vendor));
        String all = Json.merge(
                        channel.path("options").toString().isEmpty()
                                ? "{}"
                                : channel.path("options").toString(),
                        "{\"system_prompt\":\"Speak French.\"}")
                .toString();
        gateway.channel(
                vendor,
                Json.merge(form.channel(vendor), "{\"options\":" + all + "}").toString());
        vendor.then(form.answer(Scene.TEXT, false));

        gateway.call(gateway.token().key(), CallersForm.CHAT.ask("m", false)).expect(200);

        String body = vendor.nextCall().text();
        assertThat(body.indexOf("Speak French.")).isPositive().isLessThan(body.indexOf("Be brief."));
    }

    /** Cut at each byte, and never in a text or for another field. */
    @Test
    void callsReasoningByOneName_bothWays() {
        gateway.channel(vendor, options("reasoning_field", "reasoning").toString());
        String chunk =
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a \\\"reasoning\\\":\",\"reasoning\" : \"Two\",\"kind\":\"reasoning\"}}]}\n\n";
        List<byte[]> single = new ArrayList<>();
        for (byte each : (chunk
                        + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
                .getBytes(StandardCharsets.UTF_8)) {
            single.add(new byte[] {each});
        }
        vendor.then(Script.pieces(200, "text/event-stream").send(single));
        vendor.then(
                Script.json(200, VendorsForm.OPENAI.plain(Scene.THINKING).replace("reasoning_content", "reasoning")));
        vendor.then(
                Script.json(200, VendorsForm.OPENAI.plain(Scene.THINKING).replace("reasoning_content", "reasoning")));
        String key = gateway.token().key();

        String stream = gateway.call(
                        key,
                        "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
                                + "{\"role\":\"assistant\",\"content\":\"b\",\"reasoning_content\":\"c\"}]}")
                .expect(200)
                .body();
        assertThat(stream).startsWith(chunk.replace("\"reasoning\" :", "\"reasoning_content\" :"));
        assertThat(vendor.nextCall().text()).contains("{\"role\":\"assistant\",\"content\":\"b\",\"reasoning\":\"c\"}");

        for (CallersForm caller : List.of(CallersForm.CHAT, CallersForm.MESSAGES)) {
            JsonNode answer = gateway.call(caller.path("m", false), key, caller.hello("m", false))
                    .expect(200)
                    .json();
            assertThat(caller.plain(answer).thinking()).isEqualTo("Two and two.");
        }
    }

    @Test
    void takesAStatusForAnother() {
        gateway.channel(
                vendor,
                Json.merge(options("status", "418=503"), "{\"priority\":5}").toString());
        try (ScriptedVendor other = ScriptedVendor.start()) {
            gateway.channel(other, "{}");
            vendor.then(Script.json(418, "{}"));

            gateway.call(gateway.token().key(), CallersForm.CHAT.hello("m", false))
                    .expect(200);

            assertThat(other.calls()).hasSize(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"reasoning_field, content", "set, [1]", "defaults, {", "status, 200=500", "status, teapot"})
    void refusesAWrongOption_byName(String name, String value) {
        String fields = Json.merge(
                        "{\"name\":\"x\",\"vendor\":\"openai\",\"keys\":[\"k\"],\"models\":[\"*\"]}",
                        options(name, value))
                .toString();

        Answer answer = gateway.api("POST", "/channels", fields).expect(400);

        assertThat(answer.json().path("errors").path(0).path("field").asString())
                .isEqualTo("options");
        assertThat(answer.json().path("errors").path(0).path("message").asString())
                .startsWith(name + ": '");
    }
}
