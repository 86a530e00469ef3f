package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.testing.VendorCall;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Files and batches belong to the channel that keeps them and the user that made them. */
@ExtendWith(NoLeaks.class)
class FileCallsTest {
    private static final String FORM = "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n{\"custom_id\":\"1\"}\r\n--b--\r\n";

    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor keeper = ScriptedVendor.start();
    private final ScriptedVendor other = ScriptedVendor.start();
    private NewToken token;

    @BeforeEach
    void oneChannelKeepsFiles() {
        gateway.clearChannels();
        gateway.channel(keeper, "{\"models\":[\"files\",\"batches\"],\"price_factor\":1.5}");
        gateway.channel(other, "{\"models\":[\"m\"],\"priority\":9}");
        token = gateway.token();
    }

    @AfterEach
    void stopVendors() {
        keeper.close();
        other.close();
    }

    private RawCall post(NewToken who, String form) {
        return RawCall.send(
                gateway.port(),
                ("POST /v1/files HTTP/1.1\r\nhost: h\r\nconnection: close\r\nauthorization: Bearer " + who.key()
                                + "\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: "
                                + form.length() + "\r\n\r\n" + form)
                        .getBytes(StandardCharsets.UTF_8));
    }

    private void upload(String id) {
        keeper.answers("{\"id\":\"" + id + "\",\"object\":\"file\"}");
        try (RawCall call = post(token, FORM)) {
            call.readAll();
            assertThat(call.status()).isEqualTo(200);
            assertThat(call.body()).contains(id);
        }
    }

    private JsonNode get(String path) {
        return gateway.get(path, token.key()).expect(200).json();
    }

    private NewToken stranger(String name) {
        long user = gateway.api(
                        "POST",
                        "/users",
                        "{\"username\":\"" + name + "\",\"password\":\"a-long-password-1\",\"quota_usd\":null}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        return gateway.token("{\"user_id\":" + user + "}");
    }

    @Test
    void keepsAFile_whereTheModelIsFiles_asItCame() {
        upload("file-1");

        VendorCall seen = keeper.nextCall();
        assertThat(seen.path()).isEqualTo("/v1/files");
        assertThat(seen.text()).isEqualTo(FORM);
        assertThat(seen.headers().get("content-type")).isEqualTo("multipart/form-data; boundary=b");
        assertThat(other.calls()).isEmpty();

        keeper.answers("{\"id\":\"file-1\"}");
        assertThat(get("/v1/files/file-1").path("id").asString()).isEqualTo("file-1");
        keeper.answers("{\"line\":1}");
        gateway.get("/v1/files/file-1/content", token.key()).expect(200);
        assertThat(keeper.nextCall().uri()).isEqualTo("/v1/files/file-1");
        assertThat(keeper.nextCall().uri()).isEqualTo("/v1/files/file-1/content");
    }

    @Test
    void listsTheCallersOwn_newestFirst_inPages() {
        NewToken lister = token = stranger("files-lister");
        for (int i = 0; i < 3; i++) {
            upload("file-l" + i);
        }
        for (String id : new String[] {"file-l2", "file-l1"}) {
            keeper.answers("{\"id\":\"" + id + "\"}");
        }
        JsonNode page = get("/v1/files?limit=2");
        assertThat(page.path("data")).hasSize(2);
        assertThat(page.path("has_more").asBoolean()).isTrue();

        keeper.answers("{\"id\":\"file-l0\"}");
        JsonNode last = get("/v1/files?limit=2&after=file-l1");
        assertThat(last.path("data")).hasSize(1);
        assertThat(last.path("has_more").asBoolean()).isFalse();
        assertThat(gateway.get("/v1/files?limit=none", lister.key()).status()).isEqualTo(400);
    }

    @Test
    void isNobodyElsesBusiness_andGoneWhenDeleted() {
        upload("file-2");
        NewToken stranger = stranger("files-stranger");
        gateway.get("/v1/files/file-2", stranger.key()).expect(404);
        gateway.get("/v1/files/file-2/content", stranger.key()).expect(404);
        gateway.call("/v1/batches", stranger.key(), "{\"input_file_id\":\"file-2\"}")
                .expect(404);

        keeper.answers("{\"id\":\"file-2\",\"deleted\":true}");
        gateway.send("DELETE", "/v1/files/file-2", Map.of("Authorization", "Bearer " + token.key()), null)
                .expect(200);
        gateway.get("/v1/files/file-2", token.key()).expect(404);
    }

    @Test
    void booksABatchOnce_whenItIsSeenToHaveEnded_andThenItsResultsAreThere() {
        gateway.price("batch-model", "{\"input_usd_per_mtok\":2,\"output_usd_per_mtok\":8}");
        upload("file-3");
        keeper.answers("{\"id\":\"batch_1\",\"status\":\"validating\"}");
        gateway.call(
                        "/v1/batches",
                        token.key(),
                        "{\"input_file_id\":\"file-3\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}")
                .expect(200);
        keeper.answers("{\"id\":\"batch_1\",\"status\":\"in_progress\"}");
        get("/v1/batches/batch_1");
        gateway.get("/v1/files/file-out/content", token.key()).expect(404);

        String ended =
                "{\"id\":\"batch_1\",\"status\":\"completed\",\"model\":\"batch-model\",\"output_file_id\":\"file-out\","
                        + "\"usage\":{\"input_tokens\":1000,\"output_tokens\":100,\"total_tokens\":1100}}";
        for (int i = 0; i < 3; i++) {
            keeper.answers(ended);
            get("/v1/batches/batch_1");
        }
        keeper.answers("{\"custom_id\":\"1\"}");
        gateway.get("/v1/files/file-out/content", token.key()).expect(200);

        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("endpoint").asString()).isEqualTo("batches");
        assertThat(row.path("model").asString()).isEqualTo("batch-model");
        assertThat(row.path("prompt_tokens").asLong()).isEqualTo(1000);
        // Half of 0.0028, and the channel's factor.
        assertThat(row.path("cost_usd").decimalValue()).isEqualByComparingTo("0.0021");
    }

    @Test
    void makesNoBatchOnALimitedQuota() {
        NewToken limited = gateway.token("{\"quota_usd\":1}");

        assertThat(gateway.call("/v1/batches", limited.key(), "{\"input_file_id\":\"file-3\"}")
                        .expect(400)
                        .body())
                .contains("limited quota");
    }

    @Test
    void saysWhatIsWrong() {
        gateway.call("/v1/batches", token.key(), "[]").expect(400);
        gateway.call("/v1/files", token.key(), "{}").expect(400);
        gateway.get("/v1/files/nothing", token.key()).expect(404);
        gateway.get("/v1/files/a/b/c", token.key()).expect(404);
        gateway.get("/v1/batches/b/cancel", token.key()).expect(405);
        gateway.clearChannels();
        try (RawCall call = post(token, FORM)) {
            call.readAll();
            assertThat(call.status()).isEqualTo(404);
            assertThat(call.body()).contains("must have the model 'files'");
        }
    }

    @Test
    void givesTheChannelBack_howeverAnUploadEnds() {
        gateway.clearChannels();
        gateway.channel(keeper, "{\"models\":[\"files\"],\"limits\":{\"concurrency\":1}}");
        for (int i = 0; i < 3; i++) {
            upload("file-c" + i);
        }
        byte[] half = ("POST /v1/files HTTP/1.1\r\nhost: h\r\nauthorization: Bearer " + token.key()
                        + "\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 5000\r\n\r\n--b")
                .getBytes(StandardCharsets.UTF_8);
        try (RawCall call = RawCall.send(gateway.port(), half)) {
            call.reset();
        }
        keeper.answers("{\"id\":\"file-c9\",\"object\":\"file\"}");
        await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> {
            try (RawCall call = post(token, FORM)) {
                call.readAll();
                assertThat(call.status()).isEqualTo(200);
            }
        });
    }

    @Test
    void tellsTheCallerOfAVendorThatFails() {
        keeper.refuses(500, "{}");
        try (RawCall call = post(token, FORM)) {
            call.readAll();
            assertThat(call.status()).isEqualTo(502);
        }
    }
}
