package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** OpenAI's old calls about the balance. */
class BillingTest {
    private static final String SUBSCRIPTION = "/v1/dashboard/billing/subscription";
    private static final String USAGE = "/v1/dashboard/billing/usage";

    private static Gateway gateway;
    private static ScriptedVendor vendor;

    @BeforeAll
    static void start() {
        gateway = Gateway.shared(Databases.H2);
        vendor = ScriptedVendor.start();
        vendor.always(Script.json(200, ScriptedVendor.chat("Hi", 1, 1)));
        gateway.channel(vendor, "{\"models\":[\"priced\"]}");
        gateway.price("priced", "{\"usd_per_call\":0.0125}");
    }

    @AfterAll
    static void stop() {
        vendor.close();
        gateway.clearChannels();
    }

    private static NewToken tokenWithACall(String fields) {
        NewToken token = gateway.token(fields);
        gateway.call(token.key(), "{\"model\":\"priced\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}")
                .expect(200);
        gateway.calls(token, 1);
        return token;
    }

    private static JsonNode reads(String path, NewToken token) {
        return gateway.get(path, token.key()).expect(200).json();
    }

    @Test
    void tellsOfTheTokensQuota_andWhatWasSpentOfIt_inCents() {
        NewToken token = tokenWithACall("{\"quota_usd\":2.5,\"expires_at\":\"2999-01-01T00:00:00Z\"}");
        JsonNode subscription = reads(SUBSCRIPTION, token);
        assertThat(subscription.path("object").asString()).isEqualTo("billing_subscription");
        assertThat(subscription.path("has_payment_method").asBoolean()).isTrue();
        for (String limit : List.of("soft_limit_usd", "hard_limit_usd", "system_hard_limit_usd")) {
            assertThat(subscription.path(limit).toString()).as(limit).isEqualTo("2.5");
        }
        assertThat(subscription.path("access_until").asLong()).isEqualTo(32472144000L);
        assertThat(reads(USAGE, token).toString()).isEqualTo("{\"object\":\"list\",\"total_usage\":1.25}");
    }

    @Test
    void tellsOfTheUsersQuota_whereTheTokenHasNone() {
        long user = gateway.api("POST", "/users", "{\"username\":\"billed\",\"password\":\"12345678\",\"quota_usd\":7}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        tokenWithACall("{\"user_id\":" + user + "}");
        NewToken token = tokenWithACall("{\"user_id\":" + user + "}");
        assertThat(reads(SUBSCRIPTION, token).path("hard_limit_usd").asInt()).isEqualTo(7);
        assertThat(reads(USAGE, token).path("total_usage").toString()).isEqualTo("2.5");
        assertThat(reads(SUBSCRIPTION, token).path("access_until").asLong()).isZero();
    }

    @Test
    void unlimitedIsTheFigureThatClientsKnow() {
        assertThat(reads(SUBSCRIPTION, gateway.token()).path("hard_limit_usd").asLong())
                .isEqualTo(100_000_000);
    }

    @Test
    void usageIsOfTheDaysAskedFor_theLastNotIncluded() {
        NewToken token = tokenWithACall("{\"quota_usd\":1}");
        LocalDate today = LocalDate.now(ZoneOffset.UTC);
        String days = "?start_date=%s&end_date=%s";
        assertThat(reads(USAGE + days.formatted(today.minusDays(1), today.plusDays(2)), token)
                        .path("total_usage")
                        .toString())
                .isEqualTo("1.25");
        assertThat(reads(USAGE + days.formatted(today.minusDays(9), today.minusDays(1)), token)
                        .path("total_usage")
                        .toString())
                .isEqualTo("0");
        Answer wrong = gateway.get(USAGE + "?start_date=soon", token.key()).expect(400);
        assertThat(wrong.error().path("param").asString()).isEqualTo("start_date");
    }

    @Test
    void isThereWithoutV1Too_forTheTokenAlone_andForBrowsers() {
        NewToken token = gateway.token("{\"quota_usd\":1}");
        assertThat(reads("/dashboard/billing/subscription", token)
                        .path("hard_limit_usd")
                        .asInt())
                .isEqualTo(1);
        assertThat(reads("/dashboard/billing/usage?x=1", token)
                        .path("total_usage")
                        .asInt())
                .isZero();
        assertThat(gateway.get(SUBSCRIPTION, "sk-nobody")
                        .expect(401)
                        .error()
                        .path("code")
                        .asString())
                .isEqualTo("invalid_api_key");
        assertThat(gateway.send("POST", SUBSCRIPTION, Map.of("Authorization", "Bearer " + token.key()), "{}")
                        .status())
                .isEqualTo(405);
        assertThat(gateway.get("/dashboard/billing/invoices", token.key()).status())
                .isEqualTo(404);
        Answer browser = gateway.send(
                "GET",
                "/dashboard/billing/usage",
                Map.of("Authorization", "Bearer " + token.key(), "Origin", "https://chat.example"),
                null);
        assertThat(browser.header("access-control-allow-origin")).isEqualTo("*");
    }
}
