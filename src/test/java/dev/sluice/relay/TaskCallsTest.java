package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.testing.VendorCall;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Pictures and songs that a relay works on after it has answered. */
@ExtendWith(NoLeaks.class)
class TaskCallsTest {
    private static final String IMAGINE = "{\"prompt\":\"a cat\"}";
    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();

    @BeforeEach
    void onlyThisVendor() {
        gateway.clearChannels();
        channels(gateway);
        gateway.price("mj_*", "{\"usd_per_call\":0.05}");
        gateway.price("suno_*", "{\"usd_per_call\":0.1}");
    }

    @AfterEach
    void stopVendor() {
        vendor.close();
    }

    private void channels(Gateway at) {
        at.channel(vendor, "{\"vendor\":\"midjourney-proxy\",\"models\":[\"mj_*\",\"swap_face\"]}");
        at.channel(vendor, "{\"vendor\":\"suno-api\",\"models\":[\"suno_*\"]}");
    }

    private static String taken(String id) {
        return "{\"code\":1,\"description\":\"ok\",\"result\":\"" + id + "\"}";
    }

    private static double used(Gateway at, NewToken token) {
        return at.tokenNow(token.id()).path("used_usd").asDouble();
    }

    @Test
    void givesTheTask_asItIs_andChargesThePriceOfTheCall() {
        vendor.answers(taken("1712205491372224"));
        NewToken token = gateway.token("{\"quota_usd\":1}");

        Answer answer = gateway.send(
                        "POST", "/mj-relax/mj/submit/imagine", Map.of("mj-api-secret", token.key()), IMAGINE)
                .expect(200);

        assertThat(answer.body()).isEqualTo(taken("1712205491372224"));
        VendorCall call = vendor.nextCall();
        assertThat(call.path()).isEqualTo("/mj-relax/mj/submit/imagine");
        assertThat(call.text()).isEqualTo(IMAGINE);
        assertThat(call.headers().get("mj-api-secret")).isEqualTo("sk-vendor-key-1");
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("model").asString()).isEqualTo("mj_imagine");
        assertThat(row.path("endpoint").asString()).isEqualTo("mj");
        assertThat(row.path("cost_usd").asDouble()).isEqualTo(0.05);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "submit/change|{\"action\":\"UPSCALE\",\"index\":1}|mj_upscale",
                "submit/simple-change|{\"content\":\"\"}|mj_variation",
                "submit/action|{\"customId\":\"MJ::JOB::upsample::1::a\"}|mj_upscale",
                "submit/action|{\"customId\":\"MJ::JOB::low_variation::1::a\"}|mj_variation",
                "submit/action|{\"customId\":\"MJ::JOB::pan_left::1::a\"}|mj_pan",
                "submit/action|{\"customId\":\"MJ::Outpaint::50::1::a\"}|mj_zoom",
                "submit/action|{\"customId\":\"MJ::CustomZoom::a\"}|mj_custom_zoom",
                "submit/action|{\"customId\":\"MJ::Bookmark::a\"}|mj_action",
                "insight-face/swap|{}|swap_face",
            })
    void pricesWhatATaskDoes_byTheNamesOfTheField(String path, String body, String model) {
        vendor.answers(taken("t" + System.nanoTime()));
        NewToken token = gateway.token();

        gateway.call("/mj/" + path, token.key(), body).expect(200);

        assertThat(gateway.onlyCall(token).path("model").asString()).isEqualTo(model);
    }

    @Test
    void showsATask_toItsOwnerAlone() {
        vendor.answers("{\"code\":\"success\",\"message\":\"\",\"data\":\"song-1\"}");
        NewToken token = gateway.token();
        gateway.call("/suno/submit/music", token.key(), "{\"prompt\":\"la\"}").expect(200);
        long other = gateway.api(
                        "POST",
                        "/users",
                        "{\"username\":\"tasks" + System.nanoTime() % 1_000_000_000
                                + "\",\"password\":\"correct-horse-battery\"}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        NewToken others = gateway.token("{\"user_id\":" + other + "}");
        String task =
                "{\"code\":\"success\",\"message\":\"\",\"data\":{\"task_id\":\"song-1\",\"status\":\"IN_PROGRESS\"}}";
        vendor.answers(task);

        assertThat(gateway.get("/suno/fetch/song-1", token.key()).expect(200).body())
                .isEqualTo(task);
        Answer refused = gateway.get("/suno/fetch/song-1", others.key()).expect(404);

        assertThat(refused.json().path("code").asString()).isEqualTo("task_not_found");
        assertThat(refused.json().path("error").path("code").asString()).isEqualTo("task_not_found");
        assertThat(gateway.call("/suno/fetch", others.key(), "{\"ids\":[\"song-1\"]}")
                        .expect(200)
                        .body())
                .contains("\"data\":[]");
    }

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void givesThePriceBack_once_howeverManyLookAtAFailedTask(Databases kind) {
        Gateway at = Gateway.shared(kind);
        channels(at);
        at.price("mj_*", "{\"usd_per_call\":0.05}");
        String id = "f" + System.nanoTime();
        vendor.answers(taken(id));
        NewToken token = at.token("{\"quota_usd\":1}");
        at.call("/mj/submit/imagine", token.key(), IMAGINE).expect(200);
        at.calls(token, 1);
        assertThat(used(at, token)).isEqualTo(0.05);
        vendor.always(Script.json(200, "{\"id\":\"" + id + "\",\"status\":\"FAILURE\",\"failReason\":\"x\"}"));

        IntStream.range(0, 6)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> at.get("/mj/task/" + id + "/fetch", token.key())))
                .toList()
                .forEach(answer -> assertThat(answer.join().status()).isEqualTo(200));

        assertThat(used(at, token)).isZero();
        List<JsonNode> rows = at.calls(token, 2);
        assertThat(rows).hasSize(2);
        assertThat(rows.getFirst().path("cost_usd").asDouble()).isEqualTo(-0.05);
        assertThat(rows.getFirst().path("endpoint").asString()).isEqualTo("mj/refund");
        at.clearChannels();
    }

    @Test
    void givesThePriceBack_whenAListShowsTheFailure_ofTheCallersOwn() {
        String id = "l" + System.nanoTime();
        vendor.answers(taken(id));
        NewToken token = gateway.token();
        gateway.call("/mj/submit/imagine", token.key(), IMAGINE).expect(200);
        gateway.calls(token, 1);
        vendor.answers("[{\"id\":\"" + id + "\",\"status\":\"FAILURE\"}]");

        Answer answer = gateway.call(
                        "/mj/task/list-by-condition", token.key(), "{\"ids\":[\"" + id + "\",\"foreign\"]}")
                .expect(200);

        assertThat(answer.json().path(0).path("id").asString()).isEqualTo(id);
        vendor.nextCall();
        assertThat(vendor.nextCall().text()).isEqualTo("{\"ids\":[\"" + id + "\"]}");
        assertThat(used(gateway, token)).isZero();
    }

    @Test
    void chargesNothing_forATaskThatIsRefused_orIsThereAlready() {
        String id = "d" + System.nanoTime();
        String banned = "{\"code\":24,\"description\":\"banned\",\"properties\":{}}";
        vendor.answers(banned);
        vendor.answers(taken(id));
        vendor.answers("{\"code\":21,\"description\":\"exists\",\"result\":\"" + id + "\"}");
        NewToken token = gateway.token();

        assertThat(gateway.call("/mj/submit/imagine", token.key(), IMAGINE)
                        .expect(200)
                        .body())
                .isEqualTo(banned);
        gateway.call("/mj/submit/imagine", token.key(), IMAGINE).expect(200);
        gateway.call("/mj/submit/modal", token.key(), "{\"taskId\":\"" + id + "\"}")
                .expect(200);

        List<JsonNode> rows = gateway.calls(token, 3);
        assertThat(rows.stream().map(row -> row.path("cost_usd").asDouble())).containsExactly(0.0, 0.05, 0.0);
        assertThat(rows.getLast().path("error_code").asString()).isEqualTo("upstream_refused");
    }

    @Test
    void goesOnWithATask_atTheChannelThatHasIt() {
        try (ScriptedVendor other = ScriptedVendor.start()) {
            vendor.answers(taken("p" + System.nanoTime()));
            NewToken token = gateway.token();
            String id = gateway.call("/mj/submit/imagine", token.key(), IMAGINE)
                    .json()
                    .path("result")
                    .asString();
            gateway.channel(other, "{\"vendor\":\"midjourney-proxy\",\"models\":[\"mj_*\"],\"priority\":9}");
            vendor.answers(taken("q" + System.nanoTime()));

            gateway.call("/mj/submit/simple-change", token.key(), "{\"content\":\"" + id + " U1\"}")
                    .expect(200);
            gateway.call("/mj/submit/change", token.key(), "{\"taskId\":\"nobodys\",\"action\":\"REROLL\"}")
                    .expect(404);

            assertThat(other.calls()).isEmpty();
        }
    }

    @Test
    void triesTheNextRelay_whenAQueueIsFull() {
        try (ScriptedVendor other = ScriptedVendor.start()) {
            gateway.channel(other, "{\"vendor\":\"midjourney-proxy\",\"models\":[\"mj_*\"],\"priority\":9}");
            other.answers("{\"code\":23,\"description\":\"full\"}");
            vendor.answers(taken("n" + System.nanoTime()));

            gateway.call("/mj/submit/imagine", gateway.token().key(), IMAGINE).expect(200);

            assertThat(other.calls()).hasSize(1);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "POST,/mj/submit/imagine,429,insufficient_quota",
        "POST,/suno/other,404,unknown_url",
        "GET,/mj/../secret,404,unknown_url",
        "DELETE,/mj/task/a/fetch,405,method_not_allowed",
    })
    void refuses_inTheRelaysWords_andOpenAis(String method, String path, int status, String code) {
        NewToken token = gateway.token("{\"quota_usd\":0.01}");

        Answer answer = gateway.send(
                        method,
                        path,
                        Map.of("Authorization", "Bearer " + token.key()),
                        method.equals("POST") ? IMAGINE : null)
                .expect(status);

        assertThat(answer.json().path("error").path("code").asString()).isEqualTo(code);
        assertThat(answer.json().path("description").asString()).isNotEmpty();
        assertThat(vendor.calls()).isEmpty();
    }
}
