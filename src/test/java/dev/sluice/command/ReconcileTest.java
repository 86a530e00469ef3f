package dev.sluice.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.Database;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReconcileTest {
    /** What a run said, and its exit code. */
    private record Run(int code, String out, String err) {
        static Run on(Path data, String... settings) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            String[] arguments = new String[settings.length + 1];
            arguments[0] = "--SLUICE_DATA_DIR=" + data;
            for (int i = 0; i < settings.length; i++) {
                arguments[i + 1] = "--" + settings[i];
            }
            int code = Reconcile.run(
                    new PrintStream(out, true, StandardCharsets.UTF_8),
                    new PrintStream(err, true, StandardCharsets.UTF_8),
                    arguments);
            return new Run(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        }
    }

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void endsWith0_whenTheBooksBalance_andWith1AndTheAccounts_whenNot(Databases kind, @TempDir Path data) {
        try (Databases.Fresh database = kind.fresh()) {
            long id;
            try (Gateway gateway = Gateway.startIn(data, database.setting())) {
                id = gateway.token().id();
            }
            Run balanced = Run.on(data, database.setting());
            assertThat(balanced.code).as("%s", balanced).isZero();
            assertThat(balanced.out).startsWith("Balanced: 2 accounts");

            try (Gateway gateway = Gateway.startIn(data, database.setting())) {
                gateway.bean(Database.class)
                        .inTransaction(client -> client.sql("UPDATE tokens SET used_nanos = 1500000000")
                                .fetch()
                                .rowsUpdated())
                        .block();
            }
            Run unequal = Run.on(data, database.setting());
            assertThat(unequal.code).as("%s", unequal).isEqualTo(1);
            assertThat(unequal.out)
                    .startsWith("token " + id + ": used_usd 1.5, ledger_usd 0\nNot balanced: 1 of 2 accounts");
        }
    }

    @Test
    void saysClearly_whenARunningGatewayHasTheFile(@TempDir Path data) throws Exception {
        Path other = data.resolve("other");
        try (Gateway gateway = Gateway.startIn(data)) {
            // In one process H2 would share the file: the lock is another process's.
            Process process = java(data, "reconcile");
            assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("Cannot reconcile. SLUICE_DATA_DIR: ")
                    .contains("is in use")
                    .hasLineCount(1);
            assertThat(process.waitFor()).isEqualTo(2);
            assertThat(gateway.get("/readyz", "").status()).isEqualTo(200);
        }
        assertThat(other).doesNotExist();
    }

    @Test
    void endsWith2_whenThereIsNoDatabase_andMakesNone(@TempDir Path data) {
        Run run = Run.on(data.resolve("none"));
        assertThat(run.code).isEqualTo(2);
        assertThat(run.err).startsWith("Cannot reconcile. SLUICE_DATA_DIR: there is no database at ");
        assertThat(Files.exists(data.resolve("none"))).isFalse();
        assertThat(Run.on(data, "SLUICE_DATABASE_URL=mysql://u:p@127.0.0.1:1/db").err)
                .startsWith("Cannot reconcile. SLUICE_DATABASE_URL: the database cannot be used")
                .doesNotContain("u:p")
                .hasLineCount(1);
        assertThat(Run.on(data, "SLUICE_DATABASE_URL=oracle://x").err)
                .startsWith("Cannot reconcile. SLUICE_DATABASE_URL ");
    }

    @Test
    void anUnknownCommandIsNoStart(@TempDir Path data) throws Exception {
        Process process = java(data, "reconsile");
        assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("There is no command 'reconsile'");
        assertThat(process.waitFor()).isEqualTo(2);
    }

    private static Process java(Path data, String command) throws Exception {
        ProcessBuilder java = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.sluice.Sluice",
                command);
        java.environment().put("SLUICE_DATA_DIR", data.toString());
        java.environment().remove("SLUICE_DATABASE_URL");
        return java.start();
    }
}
