package dev.sluice.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AskTest {
    private static final String MESSAGES = "\"messages\":[{\"role\":\"user\",\"content\":\"Hé 你好 \\\"model\\\":\"}]";

    private static Ask ask(String json) {
        return Ask.read(Endpoint.CHAT, json.getBytes(StandardCharsets.UTF_8));
    }

    private static String forVendor(String json, String model, boolean usage) {
        return new String(ask(json).forVendor(model, usage), StandardCharsets.UTF_8);
    }

    @Test
    void changesNothing_whenNothingMustChange() {
        byte[] body = ("{ \"model\" : \"m\" , " + MESSAGES + ", \"x\":1e-7,\"y\":12345678901234567890123,\"z\":null}  ")
                .getBytes(StandardCharsets.UTF_8);

        assertThat(Ask.read(Endpoint.CHAT, body).forVendor("m", true)).isSameAs(body);
    }

    @Test
    void replacesOnlyTheModel_whereverItStands() {
        String json = "{\"a\":{\"model\":\"inner\"},\"n\":2,\"model\" : \"old\"," + MESSAGES + ",\"b\":[1e-7,null]}";

        assertThat(forVendor(json, "new/\"name\"", false)).isEqualTo(json.replace("\"old\"", "\"new/\\\"name\\\"\""));
    }

    @Test
    void replacesEveryModel_andTheLastOneCounts_whenThereAreTwo() {
        String json = "{\"model\":\"first\"," + MESSAGES + ",\"model\":\"second\"}";

        assertThat(ask(json).model()).isEqualTo("second");
        assertThat(forVendor(json, "new", false))
                .isEqualTo(json.replace("first", "new").replace("second", "new"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`,\"stream_options\":{}` | `,\"stream_options\":{\"include_usage\":true}`",
                "`,\"stream_options\":null` | `,\"stream_options\":{\"include_usage\":true}`",
                "`,\"stream_options\":{\"include_usage\":false}` | `,\"stream_options\":{\"include_usage\":true}`",
                "`,\"stream_options\":{\"include_usage\": null ,\"k\":[1]}` | `,\"stream_options\":{\"include_usage\": true ,\"k\":[1]}`",
                "`,\"stream_options\":{\"include_usage\":[1],\"k\":1}` | `,\"stream_options\":{\"include_usage\":true,\"k\":1}`",
                "`,\"stream_options\":{ \"k\":1}` | `,\"stream_options\":{\"include_usage\":true, \"k\":1}`",
                "`` | `,\"stream_options\":{\"include_usage\":true}`",
            })
    void wishesForUsage_inAStreamWhoseCallerDidNot(String given, String expected) {
        String before = "{\"model\":\"m\"," + MESSAGES + ",\"stream\":true";

        assertThat(forVendor(before + given + "}", "m", true)).isEqualTo(before + expected + "}");
        assertThat(ask(before + given + "}").usageWanted()).isFalse();
    }

    @Test
    void leavesAWishForUsageAlone() {
        String json = "{\"model\":\"m\"," + MESSAGES + ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}";

        assertThat(forVendor(json, "m", true)).isEqualTo(json);
        assertThat(ask(json).usageWanted()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"true,true", "false,false", "null,false", "0,false", "1,false", "'\"true\"',false"})
    void streams_onlyWhenStreamIsTrue(String value, boolean stream) {
        assertThat(ask("{\"model\":\"m\"," + MESSAGES + ",\"stream\":" + value + "}").stream())
                .isEqualTo(stream);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{ | INVALID_JSON",
                "nonsense | INVALID_JSON",
                "[] | INVALID_JSON",
                "{\"model\":\"m\",\"messages\":[{}]} x | INVALID_JSON",
                "{\"messages\":[{}]} | MISSING_PARAMETER",
                "{\"model\":null,\"messages\":[{}]} | MISSING_PARAMETER",
                "{\"model\":\"\",\"messages\":[{}]} | MISSING_PARAMETER",
                "{\"model\":5,\"messages\":[{}]} | INVALID_VALUE",
                "{\"model\":\"m\"} | MISSING_PARAMETER",
                "{\"model\":\"m\",\"messages\":[]} | INVALID_VALUE",
                "{\"model\":\"m\",\"messages\":\"hi\"} | INVALID_VALUE",
                "{\"model\":\"m\",\"messages\":[1]} | INVALID_VALUE",
                "{\"model\":\"m\",\"messages\":[{}],\"max_tokens\":\"1\"} | INVALID_VALUE",
                "{\"model\":\"m\",\"messages\":[{}],\"max_tokens\":99999999999999999999} | INVALID_VALUE",
            })
    void refuses_whatIsNoCall(String json, String reason) {
        assertThatThrownBy(() -> ask(json))
                .isInstanceOfSatisfying(
                        Refusal.class,
                        refusal -> assertThat(refusal.reason().name()).isEqualTo(reason));
    }

    @Test
    void refuses_emptyBodies_deepNesting_andOtherEncodings() {
        assertThatThrownBy(() -> ask("")).isInstanceOf(Refusal.class);
        assertThatThrownBy(() -> ask("{\"model\":\"m\",\"messages\":" + "[".repeat(5_000) + "]".repeat(5_000) + "}"))
                .isInstanceOf(Refusal.class);
        byte[] utf16 = ("{\"model\":\"m\"," + MESSAGES + "}").getBytes(StandardCharsets.UTF_16BE);
        assertThatThrownBy(() -> Ask.read(Endpoint.CHAT, utf16)).isInstanceOf(Refusal.class);
    }

    @Test
    void reservesTheCallersLimit_timesItsChoices() {
        assertThat(ask("{\"model\":\"m\"," + MESSAGES + ",\"max_tokens\":10,\"n\":3}")
                        .completionLimit(500))
                .isEqualTo(30);
        assertThat(ask("{\"model\":\"m\"," + MESSAGES + ",\"max_tokens\":10,\"max_completion_tokens\":20}")
                        .completionLimit(500))
                .isEqualTo(20);
        assertThat(ask("{\"model\":\"m\"," + MESSAGES + "}").completionLimit(500))
                .isEqualTo(500);
        assertThat(ask("{\"model\":\"m\"," + MESSAGES + ",\"max_tokens\":9223372036854775807,\"n\":9}")
                        .completionLimit(1))
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void countsAnImageAsAnImage_notAsItsBytes() {
        String image = "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64," + "A".repeat(1_000_000)
                + "\"}}";
        String json = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[" + image + "]}]}";

        assertThat(ask(json).promptEstimate()).isBetween(1_000L, 1_100L);
    }
}
