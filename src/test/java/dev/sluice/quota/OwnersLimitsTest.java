package dev.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.testing.VendorCall;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Limits of all tokens of a user together, and of a channel's single keys. */
class OwnersLimitsTest {
    private static final String CHAT =
            "{\"model\":\"owned\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

    private final ScriptedVendor vendor = ScriptedVendor.start();

    @AfterEach
    void stopVendor() {
        vendor.close();
    }

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void aUsersLimitCountsAllItsTokens(Databases kind) {
        Gateway gateway = Gateway.shared(kind);
        vendor.alwaysAnswersChats();
        JsonNode channel = gateway.channel(vendor, "{\"models\":[\"owned\"]}");
        JsonNode user = gateway.api(
                        "POST",
                        "/users",
                        "{\"username\":\"owner-" + System.nanoTime()
                                + "\",\"password\":\"12345678\",\"limits\":{\"rpm\":2}}")
                .expect(201)
                .json();
        try {
            assertThat(user.path("limits").path("rpm").asInt()).isEqualTo(2);
            String owner = "{\"user_id\":" + user.path("id") + "}";
            String one = gateway.token(owner).key();
            String other = gateway.token(owner).key();

            Answer first = gateway.call(one, CHAT).expect(200);
            assertThat(first.header("x-ratelimit-remaining-requests")).isEqualTo("1");
            gateway.call(other, CHAT).expect(200);
            Answer refused = gateway.call(one, CHAT).expect(429);
            assertThat(refused.error().path("message").asString()).startsWith("This user is over its limit of 2");

            gateway.api("PATCH", "/users/" + user.path("id"), "{\"limits\":null}")
                    .expect(200);
            gateway.call(one, CHAT).expect(200);
        } finally {
            gateway.api("DELETE", "/users/" + user.path("id"), null);
            gateway.api("DELETE", "/channels/" + channel.path("id"), null);
        }
    }

    @Test
    void aKeyThatIsOverItsOwnLimitIsPassedOver() {
        Gateway gateway = Gateway.shared();
        gateway.clearChannels();
        vendor.alwaysAnswersChats();
        JsonNode channel = gateway.channel(
                vendor, "{\"models\":[\"owned\"],\"keys\":[\"sk-key-one\",\"sk-key-two\"],\"key_limits\":{\"rpm\":1}}");
        String token = gateway.token().key();

        gateway.call(token, CHAT).expect(200);
        gateway.call(token, CHAT).expect(200);
        Answer none = gateway.call(token, CHAT).expect(503);

        assertThat(channel.path("key_limits").path("rpm").asInt()).isEqualTo(1);
        assertThat(vendor.calls().stream().map(VendorCall::key)).containsExactlyInAnyOrder("sk-key-one", "sk-key-two");
        assertThat(none.error().path("code").asString()).isEqualTo("no_available_channel");
        assertThat(Integer.parseInt(none.header("retry-after"))).isBetween(50, 60);
    }
}
