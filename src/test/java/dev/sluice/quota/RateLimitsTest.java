package dev.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.ScriptedVendor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Limits of one node. Several nodes: {@link SharedLimitsTest}. */
@ExtendWith(NoLeaks.class)
class RateLimitsTest {
    private static final String CHAT =
            "{\"model\":\"m\",\"max_tokens\":100,\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

    @Test
    void aCallThatTheGroupRefuses_takesNothingOfTheTokensMinute() {
        try (Gateway gateway = Gateway.start();
                ScriptedVendor vendor = ScriptedVendor.start()) {
            vendor.alwaysAnswersChats();
            gateway.channel(vendor, "{}");
            NewToken token = gateway.token("{\"limits\":{\"rpm\":5,\"tpm\":600}}");
            limitGroup(gateway, "{\"rpm\":1}");
            Answer first = gateway.call(token.key(), CHAT).expect(200);
            assertThat(first.header("x-ratelimit-remaining-requests")).isEqualTo("4");

            for (int i = 0; i < 3; i++) {
                Answer refused = gateway.call(token.key(), CHAT).expect(429);
                assertThat(refused.error().path("message").asString()).startsWith("This group is over its limit of 1");
            }

            limitGroup(gateway, "null");
            Answer second = gateway.call(token.key(), CHAT).expect(200);
            assertThat(second.header("x-ratelimit-remaining-requests")).isEqualTo("3");
            assertThat(remainingTokens(second)).isGreaterThan(remainingTokens(first) - 100);
        }
    }

    static void limitGroup(Gateway gateway, String limits) {
        gateway.api("PATCH", "/groups/default", "{\"limits\":" + limits + "}").expect(200);
    }

    static int remainingTokens(Answer answer) {
        return Integer.parseInt(String.valueOf(answer.header("x-ratelimit-remaining-tokens")));
    }
}
