package dev.sluice.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** An answer costs what the model costs at the tier it says, in each form that says one. */
@ExtendWith(NoLeaks.class)
class TiersTest {
    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();

    @BeforeEach
    void onlyThisVendor() {
        gateway.clearChannels();
        gateway.price(
                "tiered",
                "{\"input_usd_per_mtok\":1,\"output_usd_per_mtok\":2,\"flex_input_usd_per_mtok\":0.5,\"flex_output_usd_per_mtok\":1,"
                        + "\"priority_input_usd_per_mtok\":3,\"priority_output_usd_per_mtok\":4}");
    }

    @AfterEach
    void stopVendor() {
        vendor.close();
    }

    private static String tiered(String answer, String tier) {
        return answer.replace("\"service_tier\":\"standard\"", "\"service_tier\":\"" + tier + "\"")
                .replace("\"created\":1760000000", "\"service_tier\":\"" + tier + "\",\"created\":1760000000")
                .replace("\"object\":\"response\"", "\"service_tier\":\"" + tier + "\",\"object\":\"response\"");
    }

    /** 120 prompt tokens, 15 of the answer. */
    @ParameterizedTest
    @CsvSource({
        "CHAT, OPENAI",
        "MESSAGES, OPENAI",
        "RESPONSES, OPENAI_RESPONSES",
        "CHAT, OPENAI_RESPONSES",
        "MESSAGES, ANTHROPIC",
        "CHAT, ANTHROPIC"
    })
    void costsWhatTheTierOfTheAnswerCosts(CallersForm caller, VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        for (String tier : new String[] {"priority", "flex", "default"}) {
            NewToken token = gateway.token();
            vendor.then(Script.json(200, tiered(form.plain(Scene.TEXT), tier)));
            gateway.call(caller.path("tiered", false), token.key(), caller.ask("tiered", false))
                    .expect(200);
            vendor.then(Script.pieces(200, form.streamType())
                    .send(form.events(Scene.TEXT).stream()
                            .map(event -> tiered(new String(event, UTF_8), tier).getBytes(UTF_8))
                            .toList()));
            gateway.call(caller.path("tiered", true), token.key(), caller.ask("tiered", true))
                    .expect(200);

            String usd = switch (tier) {
                case "priority" -> "0.00042";
                case "flex" -> "0.000075";
                default -> "0.00015";
            };
            for (JsonNode row : gateway.calls(token, 2)) {
                assertThat(row.path("cost_usd").decimalValue())
                        .as(row.toString())
                        .isEqualByComparingTo(usd);
                assertThat(row.path("price").asString().endsWith(" " + tier)).isEqualTo(!tier.equals("default"));
            }
        }
    }

    @Test
    void reservesWhatTheTierAskedForCosts() {
        gateway.channel(vendor, VendorsForm.OPENAI.channel(vendor));
        vendor.always(Script.json(200, VendorsForm.OPENAI.plain(Scene.TEXT)));
        String ask =
                "{\"model\":\"tiered\",\"max_tokens\":1000,%s\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";

        NewToken token = gateway.token("{\"quota_usd\":0.003}"); // a thousand tokens cost 0.002, or 0.004

        gateway.call("/v1/chat/completions", token.key(), ask.formatted("\"service_tier\":\"priority\","))
                .expect(429);
        gateway.call("/v1/chat/completions", token.key(), ask.formatted("")).expect(200);
    }
}
