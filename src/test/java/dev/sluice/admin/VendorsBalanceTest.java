package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.ScriptedVendor;
import java.math.BigDecimal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What is left of a vendor's account, as the vendor tells it. */
class VendorsBalanceTest {
    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();

    @AfterEach
    void stopVendor() {
        vendor.close();
        gateway.clearChannels();
    }

    private String path(String id) {
        return "/channels/"
                + gateway.api(
                                "POST",
                                "/channels",
                                "{\"name\":\"account\",\"vendor\":\"%s\",\"base_url\":\"%s\",\"keys\":[\"sk-left\"],\"models\":[\"m\"]}"
                                        .formatted(id, vendor.baseUrl()))
                        .expect(201)
                        .json()
                        .path("id")
                        .asLong()
                + "/balance";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "deepseek|/user/balance|{\"balance_infos\":[{\"currency\":\"CNY\",\"total_balance\":\"110.50\"}]}|110.50|CNY",
                "moonshot|/v1/users/me/balance|{\"code\":0,\"data\":{\"available_balance\":49.58}}|49.58|CNY",
                "siliconflow|/v1/user/info|{\"data\":{\"balance\":\"0.88\",\"totalBalance\":\"88.00\"}}|88.00|CNY",
                "openrouter|/api/v1/credits|{\"data\":{\"total_credits\":100.5,\"total_usage\":25.75}}|74.75|USD",
                "sluice|/v1/dashboard/billing/subscription|{\"hard_limit_usd\":12.5}|12.5|USD",
            })
    void isAskedAsEachVendorTellsIt(String id, String asked, String answer, BigDecimal left, String currency) {
        String path = path(id);
        vendor.answers(answer);

        JsonNode balance = gateway.api("POST", path, null).expect(200).json();

        assertThat(balance.path("balance").decimalValue()).isEqualByComparingTo(left);
        assertThat(balance.path("currency").asString()).isEqualTo(currency);
        var call = vendor.nextCall();
        assertThat(call.uri()).isEqualTo(asked);
        assertThat(call.key()).isEqualTo("sk-left");
    }

    @Test
    void isAClearError_whenThereIsNone() {
        gateway.api("POST", path("groq"), null).expect(502);

        String path = path("deepseek");
        vendor.answers("{\"balance_infos\":[]}");
        assertThat(gateway.api("POST", path, null).expect(502).body()).contains("tells no balance");
        vendor.refuses(401, "{}");
        gateway.api("POST", path, null).expect(502);
    }
}
