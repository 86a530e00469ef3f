package dev.sluice.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.Database;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RotateKeyTest {
    private static final String FIRST = "the first secret key";
    private static final String SECOND = "the second secret key";

    /** What a run said, and its exit code. */
    private record Run(int code, String said) {
        static Run on(Path data, String... settings) {
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            PrintStream both = new PrintStream(said, true, StandardCharsets.UTF_8);
            String[] arguments = Stream.concat(Stream.of("SLUICE_DATA_DIR=" + data), Stream.of(settings))
                    .map(setting -> "--" + setting)
                    .toArray(String[]::new);
            return new Run(RotateKey.run(both, both, arguments), said.toString(StandardCharsets.UTF_8));
        }
    }

    private static List<String> sealed(Gateway gateway) {
        return gateway.bean(Database.class)
                .read(client -> client.sql("SELECT sealed_keys FROM channels ORDER BY id")
                        .map(row -> String.valueOf(row.get(0, String.class)))
                        .all())
                .collectList()
                .block();
    }

    /** The vendor is sent the channel's own key: what was sealed is what opens. */
    private static void sendsTheKey(Gateway gateway, ScriptedVendor vendor) {
        vendor.then(Script.json(200, "{\"data\":[]}"));
        long id = gateway.api("GET", "/channels", null)
                .expect(200)
                .json()
                .path("data")
                .path(0)
                .path("id")
                .asLong();
        gateway.api("POST", "/channels/" + id + "/models", "{}").expect(200);
        assertThat(vendor.nextCall().key()).isEqualTo("sk-vendor-key-1");
    }

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void sealsAllWithTheNewKey_andTheOldOneIsNeededNoMore(Databases kind, @TempDir Path data) {
        try (Databases.Fresh database = kind.fresh();
                ScriptedVendor vendor = ScriptedVendor.start()) {
            List<String> before;
            try (Gateway gateway = Gateway.startIn(data, database.setting(), "SLUICE_SECRET_KEY=" + FIRST)) {
                gateway.channel(vendor, "{}");
                gateway.channel(vendor, "{\"keys\":[]}");
                before = sealed(gateway);
            }
            Run run = Run.on(data, database.setting(), "SLUICE_SECRET_KEY=" + SECOND, "SLUICE_OLD_SECRET_KEY=" + FIRST);
            assertThat(run.code).as("%s", run).isZero();
            assertThat(run.said)
                    .startsWith("Sealed 2 channels and 0 second factors with the key ")
                    .doesNotContain(FIRST)
                    .doesNotContain(SECOND);
            try (Gateway gateway = Gateway.startIn(data, database.setting(), "SLUICE_SECRET_KEY=" + SECOND)) {
                assertThat(sealed(gateway)).hasSize(2).doesNotContainAnyElementsOf(before);
                gateway.clearChannels();
            }
        }
    }

    @Test
    void makesAGeneratedKeyAnew_andKeepsTheOneBefore(@TempDir Path data) throws Exception {
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            try (Gateway gateway = Gateway.startIn(data)) {
                gateway.channel(vendor, "{}");
            }
            String first = Files.readString(data.resolve("secret-key")).strip();
            assertThat(Run.on(data).code).isZero();
            assertThat(Run.on(data).said).startsWith("Sealed 1 channels");
            List<String> keys = Files.readAllLines(data.resolve("secret-key"));
            assertThat(keys).hasSize(2).doesNotContain(first);
            assertThat(Files.getPosixFilePermissions(data.resolve("secret-key")).toString())
                    .doesNotContain("GROUP")
                    .doesNotContain("OTHERS");
            try (Gateway gateway = Gateway.startIn(data)) {
                sendsTheKey(gateway, vendor);
            }
        }
    }

    @Test
    void breakingOffInTheMiddleLeavesEverythingReadable(@TempDir Path data) throws Exception {
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            String broken;
            try (Gateway gateway = Gateway.startIn(data)) {
                gateway.channel(vendor, "{}");
                long last = gateway.channel(vendor, "{\"name\":\"broken\"}")
                        .path("id")
                        .asLong();
                broken = "UPDATE channels SET sealed_keys = 'v1:00000000:AAAA' WHERE id = " + last;
                change(gateway, broken);
            }
            Run run = Run.on(data);
            assertThat(run.code).isEqualTo(2);
            assertThat(run.said).startsWith("Cannot change the key. ").contains("expected: 00000000");
            // The new key is in the file, nothing is sealed with it, and the one before opens all.
            assertThat(Files.readAllLines(data.resolve("secret-key"))).hasSize(2);
            try (java.sql.Connection database =
                            java.sql.DriverManager.getConnection("jdbc:h2:file:" + data.resolve("sluice"), "sa", "");
                    java.sql.Statement statement = database.createStatement()) {
                statement.execute("DELETE FROM channels WHERE name = 'broken'");
            }
            try (Gateway gateway = Gateway.startIn(data)) {
                sendsTheKey(gateway, vendor);
            }
            assertThat(Run.on(data).said).startsWith("Sealed 1 channels");
            try (Gateway gateway = Gateway.startIn(data)) {
                sendsTheKey(gateway, vendor);
            }
        }
    }

    private static void change(Gateway gateway, String sql) {
        gateway.bean(Database.class)
                .inTransaction(client -> client.sql(sql).fetch().rowsUpdated())
                .block();
    }

    @Test
    void wantsTheOldKeyBesideAGivenOne(@TempDir Path data) {
        Gateway.startIn(data, "SLUICE_SECRET_KEY=" + FIRST).close();
        Run run = Run.on(data, "SLUICE_SECRET_KEY=" + SECOND);
        assertThat(run.code).isEqualTo(2);
        assertThat(run.said).startsWith("Cannot change the key. SLUICE_OLD_SECRET_KEY is not set");
    }
}
