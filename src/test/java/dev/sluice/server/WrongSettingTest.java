package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.database.DataDirectory;
import dev.sluice.testing.Gateway;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.diagnostics.FailureAnalysis;

class WrongSettingTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SLUICE_PORT=abc",
                "SLUICE_PORT=70000",
                "SLUICE_MANAGEMENT_PORT=-1",
                "SLUICE_MANAGEMENT_ADDRESS=999.1.1.1",
                "SLUICE_SECRET_KEY=short",
                "SLUICE_DATABASE_URL=oracle://x",
                "SLUICE_DATABASE_URL=mysql://host",
                "SLUICE_DATABASE_URL=mysql://u:p@127.0.0.1:1/db?sslmode=maybe",
                "SLUICE_DATABASE_URL=mysql://u:p@127.0.0.1:1/db?sslmode=require&sslrootcert=pom.xml",
                "SLUICE_DATABASE_URL=postgresql://u:p@127.0.0.1:1/db?sslmode=verify-full&sslrootcert=none.pem",
                "SLUICE_DATABASE_URL=mysql://u:p@127.0.0.1:1/db?sslmode=verify-full&sslrootcert=README.md",
                "SLUICE_DATABASE_URL=mysql://u:p@127.0.0.1:1/db",
                "SLUICE_REDIS_URL=http://u:p@host/",
                "SLUICE_REDIS_URL=redis://u:p@/0",
                "SLUICE_REDIS_URL=redis://u:p@host:6379/zero",
                "SLUICE_REDIS_URL=redis://u:p@host:6379/0?timeout=1d",
                "SLUICE_REDIS_URL=redis://u:p^@host",
                "SLUICE_REDIS_URL=redis://u:p@host:6379/0?sslrootcert=pom.xml",
                "SLUICE_REDIS_URL=rediss://u:p@host:6379/0?sslrootcert=none.pem",
                "SLUICE_REDIS_URL=rediss://u:p@host:6379/0?sslrootcert=README.md",
                "SLUICE_TRUSTED_PROXIES=10.0.0.0/99",
                "SLUICE_DRAIN_TIMEOUT=soon",
                "SLUICE_WEBHOOK_URL=ftp://u:p@host/",
                "SLUICE_WEBHOOK_SECRET=short --SLUICE_WEBHOOK_URL=http://h/",
                "SLUICE_LEASE_VALID=5ms",
                "SLUICE_JOURNAL_LIMIT=4MB",
                "SLUICE_ALLOW_PRIVATE_UPSTREAMS=maybe",
            })
    void stopsTheStart_withOneSentenceThatNamesIt(String setting) {
        String name = setting.substring(0, setting.indexOf('='));
        FailureAnalysis analysis = analysis(setting);

        assertThat(analysis).isNotNull();
        assertThat(analysis.getDescription())
                .startsWith(name)
                .doesNotContain("u:p")
                .doesNotContain("\n");
    }

    private static FailureAnalysis analysis(String setting) {
        try (Gateway gateway = Gateway.start(setting.split(" --"))) {
            throw new AssertionError("it started at " + gateway.url());
        } catch (RuntimeException e) {
            return new WrongSetting().analyze(e);
        }
    }

    @Test
    void namesTheDataDirectory_thatCannotBeMade() {
        assertThatThrownBy(() -> new DataDirectory(Path.of("/dev/null/x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("SLUICE_DATA_DIR: /dev/null/x");
    }

    @Test
    void leavesOtherFailuresToSpring() {
        assertThat(new WrongSetting().analyze(new IllegalStateException("x"))).isNull();
    }
}
