package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** What the console asks of the admin API beyond the plain resources: the overview, channels not yet saved, generated passwords. */
class ConsoleNeedsTest {
    private static Gateway gateway;
    private static ScriptedVendor vendor;

    @BeforeAll
    static void start() {
        gateway = Gateway.shared(Databases.H2);
        vendor = ScriptedVendor.start();
    }

    @AfterAll
    static void stop() {
        gateway.clearChannels();
        vendor.close();
    }

    @BeforeEach
    void forget() {
        vendor.clear();
        gateway.clearChannels();
    }

    private static String call(String model, boolean stream) {
        return "{\"model\":\"" + model + "\",\"stream\":" + stream
                + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    }

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void theOverviewSumsTheLastDay(Databases kind) {
        try (Databases.Fresh database = kind.fresh();
                Gateway fresh = Gateway.start(database.setting())) {
            fresh.channel(vendor, "{\"models\":[\"priced\",\"unpriced\"]}");
            fresh.price("priced", "{\"usd_per_call\":0.01}");
            NewToken token = fresh.token();
            fresh.call(token.key(), call("priced", true)).expect(200);
            fresh.call(token.key(), call("unpriced", false)).expect(200);
            fresh.call(token.key(), call("unheard-of", false)).expect(404);
            fresh.calls(token, 3);
            JsonNode overview = fresh.api("GET", "/overview", null).expect(200).json();
            JsonNode total = overview.path("total");
            assertThat(total.path("calls").asLong()).isEqualTo(3);
            assertThat(total.path("errors").asLong()).isEqualTo(1);
            assertThat(total.path("prompt_tokens").asLong()).isEqualTo(18);
            assertThat(total.path("completion_tokens").asLong()).isEqualTo(6);
            assertThat(total.path("cost_usd").decimalValue()).isEqualByComparingTo("0.01");
            assertThat(total.path("ttft_p50_ms").asLong())
                    .isPositive()
                    .isLessThanOrEqualTo(total.path("ttft_p95_ms").asLong());
            assertThat(overview.path("hours")).hasSize(24);
            long calls = 0;
            for (JsonNode hour : overview.path("hours")) {
                calls += hour.path("calls").asLong();
            }
            assertThat(calls).isEqualTo(3);
            assertThat(overview.path("unpriced_models").toString()).isEqualTo("[\"unpriced\"]");
        }
    }

    @Test
    void theOverviewTellsWhatIsOpen_toAnAdmin() {
        gateway.channel(vendor, "{}");
        CompletableFuture<Void> go = new CompletableFuture<>();
        vendor.then(Script.events("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n")
                .await(go)
                .send("data: [DONE]\n\n"));
        CompletableFuture<Answer> answer = gateway.callAsync(gateway.token().key(), call("gpt-4o-mini", true));
        await().atMost(Duration.ofSeconds(5))
                .until(() -> gateway.api("GET", "/overview", null)
                                .json()
                                .path("open_streams")
                                .asInt()
                        == 1);
        go.complete(null);
        answer.join();
        await().atMost(Duration.ofSeconds(5))
                .until(() -> gateway.api("GET", "/overview", null)
                                .json()
                                .path("open_calls")
                                .asInt()
                        == 0);
    }

    @Test
    void aUsersOverviewIsOfItsOwnCalls() {
        Someone user = Someone.made(gateway, "user");
        JsonNode overview = user.reads("/overview");
        assertThat(overview.path("total").path("calls").asLong()).isZero();
        assertThat(overview.path("open_calls").isNull()).isTrue();
        assertThat(overview.path("unpriced_models")).isEmpty();
    }

    @Test
    void aChannelIsTried_beforeItIsSaved() {
        String channel = "{\"vendor\":\"openai\",\"base_url\":\"" + vendor.baseUrl()
                + "\",\"keys\":[\"sk-draft\"],\"name\":\"\",\"models\":[]}";
        JsonNode result = gateway.api(
                        "POST",
                        "/channels/test",
                        "{\"model\":\"gpt-4o-mini\",\"stream\":true,\"channel\":" + channel + "}")
                .expect(200)
                .json();
        assertThat(result.path("ok").asBoolean()).isTrue();
        assertThat(vendor.nextCall().key()).isEqualTo("sk-draft");
        JsonNode models = gateway.api("POST", "/channels/models", "{\"channel\":" + channel + "}")
                .expect(200)
                .json();
        assertThat(models.path("models").toString()).contains("gpt-4o-mini");
        assertThat(gateway.api("GET", "/channels", null).json().path("data")).isEmpty();
    }

    @Test
    void aChangedChannelIsTriedWithItsOwnKeys_whenNoneAreGiven() {
        long id =
                gateway.channel(vendor, "{\"keys\":[\"sk-saved\"]}").path("id").asLong();
        gateway.api(
                        "POST",
                        "/channels/test",
                        "{\"model\":\"m\",\"channel\":{\"id\":" + id + ",\"vendor\":\"openai\",\"base_url\":\""
                                + vendor.baseUrl() + "\"}}")
                .expect(200);
        assertThat(vendor.nextCall().key()).isEqualTo("sk-saved");
    }

    @Test
    void aWrongDraftIsRefusedFieldByField() {
        Answer answer = gateway.api("POST", "/channels/test", "{\"channel\":{\"vendor\":\"nobody\",\"weight\":0}}")
                .expect(400);
        assertThat(answer.json().path("errors").findValuesAsString("field")).contains("vendor", "weight");
        gateway.api("POST", "/channels/test", "{}").expect(400);
        gateway.api("POST", "/channels/models", "{\"channel\":7}").expect(400);
        gateway.api("POST", "/channels/test", "{\"channel\":{\"id\":999999,\"vendor\":\"openai\"}}")
                .expect(404);
    }

    @Test
    void aDraftIsAnAdminsToTry() {
        Someone user = Someone.made(gateway, "user");
        user.asks("POST", "/channels/test", "{\"channel\":{\"vendor\":\"openai\"}}")
                .expect(403);
        user.asks("POST", "/channels/models", "{\"channel\":{\"vendor\":\"openai\"}}")
                .expect(403);
    }

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void aGeneratedPasswordIsSaidToBeOne_untilItIsChanged(Databases kind) throws IOException {
        try (Databases.Fresh database = kind.fresh();
                Gateway fresh = Gateway.start(database.setting())) {
            String password =
                    Files.readString(fresh.dataDir().resolve("root-password")).strip();
            JsonNode session = Someone.nobody(fresh)
                    .asks("POST", "/session", "{\"username\":\"root\",\"password\":\"" + password + "\"}")
                    .expect(201)
                    .json();
            assertThat(session.path("password_generated").asBoolean()).isTrue();
            assertThat(session.path("username").asString()).isEqualTo("root");
            long id = session.path("id").asLong();
            fresh.api("PATCH", "/users/" + id, "{\"display_name\":\"Boss\"}").expect(200);
            assertThat(generated(fresh)).isTrue();
            fresh.api("PATCH", "/users/" + id, "{\"password\":\"one of my own\"}")
                    .expect(200);
            assertThat(generated(fresh)).isFalse();
        }
    }

    private static boolean generated(Gateway gateway) {
        return gateway.api("GET", "/session", null)
                .expect(200)
                .json()
                .path("password_generated")
                .asBoolean();
    }

    @Test
    void aGivenPasswordIsNotCalledGenerated() {
        try (Gateway given = Gateway.start("SLUICE_ROOT_PASSWORD=given by somebody")) {
            assertThat(generated(given)).isFalse();
        }
    }

    @Test
    void anybodyMayAskWhetherRegistrationIsOn() {
        Someone stranger = Someone.nobody(gateway);
        assertThat(stranger.reads("/registrations").path("open").asBoolean()).isFalse();
        gateway.api("PATCH", "/settings", "{\"registration\":true}").expect(200);
        assertThat(stranger.reads("/registrations").path("open").asBoolean()).isTrue();
        gateway.api("PATCH", "/settings", "{\"registration\":null}").expect(200);
    }
}
