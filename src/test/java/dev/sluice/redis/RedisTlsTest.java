package dev.sluice.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.OwnRedis;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A Redis that speaks TLS alone, with a certificate for 127.0.0.1 that nobody else vouches for. */
@ExtendWith({NoLeaks.class, OutputCaptureExtension.class})
class RedisTlsTest {
    @TempDir
    private static Path folder;

    private static OwnRedis redis;

    @BeforeAll
    static void begin() throws Exception {
        redis = OwnRedis.startWithTls(folder);
    }

    @AfterAll
    static void end() throws Exception {
        if (redis != null) {
            redis.close();
        }
    }

    private static double shared(Gateway gateway) {
        return gateway.bean(MeterRegistry.class)
                .get("sluice.limits.shared")
                .gauge()
                .value();
    }

    @Test
    void sharesLimits_withARedisWhoseAuthorityIsNamed() {
        try (Gateway gateway = Gateway.start(redis.setting())) {
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(shared(gateway)).isEqualTo(1));
        }
    }

    @Test
    void countsAlone_andSaysWhy_whenTheCertificateIsNotTrusted(CapturedOutput log) {
        String setting = redis.setting().replaceFirst("\\?.*", "");

        try (Gateway gateway = Gateway.start(setting)) {
            assertThat(shared(gateway)).isZero();
            assertThat(log.getOut())
                    .contains("Redis does not answer; this node counts its limits alone until it does: ")
                    .contains("unable to find valid certification path")
                    .doesNotContain("s3cret");
        }
    }

    @Test
    void countsAlone_whenTheCertificateIsAnothersName(CapturedOutput log) {
        try (Gateway gateway = Gateway.start(redis.setting().replace("127.0.0.1", "localhost"))) {
            assertThat(shared(gateway)).isZero();
            assertThat(log.getOut()).contains("No name matching localhost found");
        }
    }
}
