package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComeAgainTest {
    private static final Instant NOW = Instant.parse("2026-11-24T20:00:00Z");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "retry-after: 7                                                      | 7000",
                "retry-after: 1.5                                                    | 1500",
                "retry-after-ms: 250; retry-after: 7                                 | 250",
                "retry-after: Tue, 24 Nov 2026 20:00:09 GMT                          | 9000",
                "x-ratelimit-remaining-requests: 0; x-ratelimit-reset-requests: 17ms | 17",
                "x-ratelimit-remaining-tokens: 0; x-ratelimit-reset-tokens: 6m0s     | 360000",
                "x-ratelimit-remaining-tokens: 0; x-ratelimit-reset-tokens: 1.2s; "
                        + "x-ratelimit-remaining-requests: 9; x-ratelimit-reset-requests: 1h | 1200",
                "anthropic-ratelimit-input-tokens-remaining: 0; "
                        + "anthropic-ratelimit-input-tokens-reset: 2026-11-24T20:00:31Z | 31000",
                "retry-after: soon; x-ratelimit-remaining-tokens: 0; x-ratelimit-reset-tokens: 2s | 2000",
                "x-ratelimit-remaining-tokens: 0; x-ratelimit-reset-tokens: soon     | ",
                "anthropic-ratelimit-requests-remaining: 0; anthropic-ratelimit-requests-reset: now | ",
                "x-ratelimit-remaining-tokens: 5; x-ratelimit-reset-tokens: 2s       | ",
            })
    void understandsWhatVendorsSay(String lines, Long millis) {
        HttpHeaders headers = new DefaultHttpHeaders();
        for (String line : lines.split(";")) {
            headers.add(line.split(":", 2)[0].strip(), line.split(":", 2)[1].strip());
        }

        assertThat(ComeAgain.after(headers, NOW)).isEqualTo(millis == null ? null : Duration.ofMillis(millis));
    }
}
