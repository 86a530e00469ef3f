package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.Gateway;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What is kept, over a restart too, and what is never kept in the clear. */
class SecretsTest {
    private static final String CHANNEL_KEY = "sk-channel-key-in-the-clear-42";

    @TempDir
    private Path directory;

    private static String rootCause(Throwable error) {
        Throwable last = error;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        return String.valueOf(last.getMessage());
    }

    @Test
    void aRestartKeepsEverything_andTheDatabaseHoldsNoSecret() throws Exception {
        String rootPassword;
        String key;
        String accessToken;
        long channel;
        try (Gateway gateway = Gateway.startIn(directory)) {
            rootPassword = Files.readString(directory.resolve("root-password")).strip();
            Someone root = Someone.signedIn(gateway, "root", rootPassword, 0);
            key = root.asks("POST", "/tokens", "{\"name\":\"kept\"}")
                    .expect(201)
                    .json()
                    .path("key")
                    .asString();
            accessToken = root.asks("POST", "/access-tokens", "{\"name\":\"kept\"}")
                    .expect(201)
                    .json()
                    .path("token")
                    .asString();
            channel = root.asks("POST", "/channels", """
                            {"name":"kept","vendor":"openai","models":["*"],"keys":["%s"]}""".formatted(CHANNEL_KEY))
                    .expect(201)
                    .json()
                    .path("id")
                    .asLong();
        }
        List<String> secrets = List.of(rootPassword, key, accessToken, CHANNEL_KEY, "sk-channel-key-in");
        String dump = dump();
        assertThat(dump).contains("kept").contains("v1:");
        byte[] file = Files.readAllBytes(directory.resolve("sluice.mv.db"));
        String bytes = new String(file, StandardCharsets.ISO_8859_1);
        for (String secret : secrets) {
            assertThat(dump).doesNotContain(secret);
            assertThat(bytes).doesNotContain(secret);
        }
        try (Gateway gateway = Gateway.startIn(directory)) {
            assertThat(Files.readString(directory.resolve("root-password")).strip())
                    .isEqualTo(rootPassword);
            Someone root = new Someone(gateway, 0, java.util.Map.of("Authorization", "Bearer " + accessToken));
            JsonNode kept = root.reads("/channels/" + channel);
            assertThat(kept.path("key_hints").path(0).asString()).isEqualTo("sk-c…r-42");
            assertThat(root.reads("/tokens?name=kept").path("data")).hasSize(1);
            Someone.signedIn(gateway, "root", rootPassword, 0);
        }
    }

    private String dump() throws SQLException {
        StringBuilder text = new StringBuilder();
        try (Connection connection =
                        DriverManager.getConnection("jdbc:h2:file:" + directory.resolve("sluice"), "sa", "");
                Statement statement = connection.createStatement();
                ResultSet lines = statement.executeQuery("SCRIPT")) {
            while (lines.next()) {
                text.append(lines.getString(1)).append('\n');
            }
        }
        return text.toString();
    }

    @Test
    void filesWithSecretsAreTheirOwnersAlone() throws IOException {
        try (Gateway gateway = Gateway.startIn(directory)) {
            for (String name : List.of("root-password", "secret-key")) {
                assertThat(Files.getPosixFilePermissions(gateway.dataDir().resolve(name))
                                .toString())
                        .as(name)
                        .doesNotContain("GROUP")
                        .doesNotContain("OTHERS");
            }
        }
    }

    @Test
    void anotherSecretKeyStopsTheStart_inOneSentence() {
        try (Gateway gateway = Gateway.startIn(directory, "SLUICE_SECRET_KEY=the first secret key")) {
            gateway.api("POST", "/channels", """
                            {"name":"kept","vendor":"openai","models":["*"],"keys":["%s"]}""".formatted(CHANNEL_KEY)).expect(201);
        }
        assertThatThrownBy(() -> Gateway.startIn(directory, "SLUICE_SECRET_KEY=another secret key")
                        .close())
                .extracting(SecretsTest::rootCause)
                .asString()
                .startsWith("SLUICE_SECRET_KEY is not the one");
        Gateway.startIn(directory, "SLUICE_SECRET_KEY=the first secret key").close();
    }

    @Test
    void weakSecretsStopTheStart_inOneSentence() {
        for (String setting : List.of("admin-token", "secret-key", "root-password")) {
            assertThatThrownBy(() -> Gateway.startIn(directory, "sluice." + setting + "=short")
                            .close())
                    .extracting(SecretsTest::rootCause)
                    .asString()
                    .startsWith("SLUICE_"
                            + setting.toUpperCase(java.util.Locale.ROOT).replace('-', '_') + " ")
                    .doesNotContain("\n");
        }
    }

    @Test
    void theRootPasswordCanBeGiven_andIsThenWrittenNowhere() {
        try (Gateway gateway = Gateway.startIn(directory, "SLUICE_ROOT_PASSWORD=chosen by me")) {
            Someone.signedIn(gateway, "root", "chosen by me", 0);
            assertThat(directory.resolve("root-password")).doesNotExist();
        }
        // The very first start only: another password later changes nothing.
        try (Gateway gateway = Gateway.startIn(directory, "SLUICE_ROOT_PASSWORD=chosen later")) {
            Someone.signedIn(gateway, "root", "chosen by me", 0);
        }
    }

    @Test
    void aPrivateAddressIsRefused_whereTheOperatorSaysSo() {
        try (Gateway gateway = Gateway.startIn(directory, "SLUICE_ALLOW_PRIVATE_UPSTREAMS=false")) {
            for (String url : List.of(
                    "http://127.0.0.1:8080/v1",
                    "http://localhost/v1",
                    "http://10.0.0.1",
                    "http://[::1]/v1",
                    "http://169.254.169.254/latest",
                    "http://192.168.1.1",
                    "http://[::ffff:10.0.0.1]/v1")) {
                assertThat(gateway.api("POST", "/channels", """
                                {"name":"x","vendor":"openai","models":["*"],"base_url":"%s"}""".formatted(url))
                                .expect(400)
                                .body())
                        .contains("base_url");
            }
            gateway.api("POST", "/channels", """
                            {"name":"x","vendor":"openai","models":["*"],"base_url":"https://8.8.8.8/v1"}""").expect(201);
        }
    }
}
