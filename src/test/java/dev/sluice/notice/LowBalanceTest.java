package dev.sluice.notice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.testing.VendorCall;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/** One warning for each time an account runs low; the same on every database. */
@ParameterizedClass
@MethodSource(Databases.ALL)
record LowBalanceTest(Databases database) {
    private static final String CALL = "{\"model\":\"priced\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

    private static Gateway gateway;
    private static String name;
    private static ScriptedVendor vendor;
    private static ScriptedVendor receiver;

    @BeforeParameterizedClassInvocation
    static void start(Databases database) {
        gateway = Gateway.shared(database);
        name = database.name(); // the receiver hears of several databases
        receiver = Gateway.receiver();
        vendor = ScriptedVendor.start();
        vendor.always(Script.json(200, ScriptedVendor.chat("Hi", 1, 1)));
        gateway.channel(vendor, "{\"models\":[\"priced\"]}");
        gateway.price("priced", "{\"usd_per_call\":0.1}");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        vendor.close();
        gateway.clearChannels();
    }

    private static void look() {
        gateway.bean(LowBalance.class).look().block();
    }

    private static List<JsonNode> told(String kind, long id) {
        return receiver.calls().stream()
                .map(VendorCall::json)
                .filter(body -> body.path("data").path("name").asString().startsWith("low-" + name)
                        && body.path("data").path("kind").asString().equals(kind)
                        && body.path("data").path("id").asLong() == id)
                .toList();
    }

    private static void calls(NewToken token, int count) {
        int before = gateway.calls(token).size();
        Stream.generate(() -> gateway.call(token.key(), CALL).expect(200))
                .limit(count)
                .forEach(answer -> {});
        gateway.calls(token, before + count);
    }

    @Test
    void warnsOnce_whenAnAccountRunsLow_andAgainAfterItWasFilled() {
        NewToken token = gateway.token("{\"quota_usd\":1,\"name\":\"low-" + name + "\"}");
        calls(token, 8);
        look();
        assertThat(told("token", token.id())).isEmpty();
        calls(token, 1);
        // Several nodes look at once.
        Mono.when(
                        gateway.bean(LowBalance.class).look(),
                        gateway.bean(LowBalance.class).look())
                .block();
        look();
        await().until(() -> !told("token", token.id()).isEmpty());
        assertThat(told("token", token.id())).hasSize(1);
        JsonNode notice = told("token", token.id()).getFirst();
        assertThat(notice.path("type").asString()).isEqualTo("balance.low");
        assertThat(notice.path("message").asString())
                .contains("'low-" + name + "'")
                .contains("0.1 of 1 dollars");
        assertThat(notice.path("data").path("remaining_usd").toString()).isEqualTo("0.1");

        gateway.api("PATCH", "/tokens/" + token.id(), "{\"quota_usd\":2}").expect(200);
        look();
        calls(token, 9);
        look();
        await().until(() -> told("token", token.id()).size() == 2);
    }

    @Test
    void warnsOfUsersToo_butNotOfThoseWithoutAQuotaOrWithNone() {
        long user = gateway.api(
                        "POST",
                        "/users",
                        "{\"username\":\"low-" + name + "\",\"password\":\"12345678\",\"quota_usd\":0.1}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        long none = gateway.api(
                        "POST",
                        "/users",
                        "{\"username\":\"low-" + name + "-none\",\"password\":\"12345678\",\"quota_usd\":0}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        NewToken token = gateway.token("{\"user_id\":" + user + "}");
        calls(token, 1);
        look();
        await().until(() -> told("user", user).size() == 1);
        assertThat(told("user", none)).isEmpty();
        assertThat(told("token", token.id())).isEmpty();
    }
}
