package dev.sluice.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against the test vectors of RFC 6238, appendix B, and of RFC 4648. */
class OneTimeCodeTest {
    private static final byte[] SECRET = "12345678901234567890".getBytes(StandardCharsets.US_ASCII);

    @ParameterizedTest
    @CsvSource({
        "59, 287082",
        "1111111109, 081804",
        "1111111111, 050471",
        "1234567890, 005924",
        "2000000000, 279037",
        "20000000000, 353130"
    })
    void isWhatTheStandardSays(long seconds, String code) {
        assertThat(OneTimeCode.of(SECRET, seconds / 30)).isEqualTo(code);
        assertThat(OneTimeCode.step(SECRET, code, seconds * 1000)).isEqualTo(seconds / 30);
    }

    @Test
    void countsAHalfMinuteBeforeAndAfter_andNoLonger() {
        long step = 41_152_263;
        String code = OneTimeCode.of(SECRET, step);
        assertThat(OneTimeCode.step(SECRET, code, (step + 1) * 30_000 + 29_999)).isEqualTo(step);
        assertThat(OneTimeCode.step(SECRET, code, (step - 1) * 30_000)).isEqualTo(step);
        assertThat(OneTimeCode.step(SECRET, code, (step + 2) * 30_000)).isNegative();
        assertThat(OneTimeCode.step(SECRET, code, (step - 1) * 30_000 - 1)).isNegative();
    }

    @Test
    void aSecretIsWrittenInBase32() {
        assertThat(Base32.of(SECRET)).isEqualTo("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
