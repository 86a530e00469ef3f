package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.ScriptedVendor;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses that a vendor keeps belong to the channel and the user that made them. */
@ExtendWith(NoLeaks.class)
class KeptTest {
    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor maker = ScriptedVendor.start();
    private final ScriptedVendor other = ScriptedVendor.start();

    @BeforeEach
    void twoChannels_ofWhichTheMakerComesFirst() {
        gateway.clearChannels();
        gateway.channel(maker, "{\"priority\":1}");
    }

    @AfterEach
    void stopVendors() {
        maker.close();
        other.close();
    }

    private static String id(String test) {
        return "resp_" + test;
    }

    private void make(NewToken token, String id, boolean stream) {
        byte[][] events = VendorsForm.OPENAI_RESPONSES.events(Scene.TEXT).toArray(byte[][]::new);
        if (stream) {
            String all = "";
            for (byte[] event : events) {
                all += new String(event, java.nio.charset.StandardCharsets.UTF_8);
            }
            maker.streams(all.replace("resp_1", id));
        } else {
            maker.answers(VendorsForm.OPENAI_RESPONSES.plain(Scene.TEXT).replace("resp_1", id));
        }
        gateway.call("/v1/responses", token.key(), CallersForm.RESPONSES.hello("m", stream))
                .expect(200);
        maker.nextCall();
        gateway.channel(other, "{\"priority\":9}"); // from now on it would be asked first
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void asksItsMaker(boolean stream) {
        NewToken token = gateway.token();
        make(token, id("a" + stream), stream);
        maker.answers("{\"id\":\"x\"}");

        String body = gateway.get("/v1/responses/" + id("a" + stream) + "?include[]=usage", token.key())
                .expect(200)
                .body();

        assertThat(body).isEqualTo("{\"id\":\"x\"}");
        assertThat(maker.nextCall().uri()).isEqualTo("/v1/responses/" + id("a" + stream) + "?include[]=usage");
        assertThat(other.calls()).isEmpty();
    }

    @Test
    void goesOnAtItsMaker() {
        NewToken token = gateway.token();
        make(token, id("b"), false);
        maker.answers(VendorsForm.OPENAI_RESPONSES.plain(Scene.TEXT));

        gateway.call(
                        "/v1/responses",
                        token.key(),
                        "{\"model\":\"m\",\"input\":\"And?\",\"previous_response_id\":\"" + id("b") + "\"}")
                .expect(200);

        assertThat(maker.nextCall().text()).contains(id("b"));
        assertThat(other.calls()).isEmpty();
    }

    @Test
    void isForgotten_whenItIsDeleted() {
        NewToken token = gateway.token();
        make(token, id("c"), false);
        maker.answers("{\"id\":\"" + id("c") + "\",\"object\":\"response\",\"deleted\":true}");
        Map<String, String> key = Map.of("Authorization", "Bearer " + token.key());

        gateway.send("DELETE", "/v1/responses/" + id("c"), key, null).expect(200);

        gateway.get("/v1/responses/" + id("c"), token.key()).expect(404);
    }

    @Test
    void isKnownAfterARestart(@TempDir Path directory) {
        NewToken token;
        try (Gateway first = Gateway.startIn(directory)) {
            first.channel(maker, "{}");
            token = first.token();
            maker.answers(VendorsForm.OPENAI_RESPONSES.plain(Scene.TEXT).replace("resp_1", id("e")));
            first.call("/v1/responses", token.key(), CallersForm.RESPONSES.hello("m", false))
                    .expect(200);
            maker.nextCall();
        }
        try (Gateway second = Gateway.startIn(directory)) {
            second.channel(other, "{\"priority\":9}");
            maker.answers("{\"id\":\"x\"}");
            second.get("/v1/responses/" + id("e"), token.key()).expect(200);
            assertThat(maker.nextCall().uri()).isEqualTo("/v1/responses/" + id("e"));
        }
    }

    @Test
    void isNobodyElsesBusiness() {
        make(gateway.token(), id("d"), false);
        long stranger = gateway.api(
                        "POST",
                        "/users",
                        "{\"username\":\"kept-stranger\",\"password\":\"a-long-password-1\",\"quota_usd\":null}")
                .expect(201)
                .json()
                .path("id")
                .asLong();

        String key = gateway.token("{\"user_id\":" + stranger + "}").key();

        assertThat(gateway.get("/v1/responses/" + id("d"), key)
                        .expect(404)
                        .error()
                        .path("code")
                        .asString())
                .isEqualTo("response_not_found");
    }
}
