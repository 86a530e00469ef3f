package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.testing.Answer;
import dev.sluice.testing.Authenticator;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.ScriptedVendor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Secrets of every kind, planted and used well and badly, and then looked for where they must not be. */
class PlantedSecretsTest {
    private static final String CHANNEL_KEY = "sk-planted-channel-key-0123456789";
    private static final String PASSWORD = "planted password 42";
    private static final String WRONG_PASSWORD = "planted mistyped 42";
    private static final String PROMPT = "planted prompt of somebody";
    private static final String ANSWER = "planted answer of a model";

    private final Map<String, String> secrets = new LinkedHashMap<>();
    private final List<String> said = new ArrayList<>();

    /** Keeps what was answered, to be searched, but for what is shown once on purpose. */
    private Answer heard(Answer answer) {
        said.add(answer.toString());
        return answer;
    }

    @Test
    void areInNoLog_noMetric_noError_noAudit_andNoDatabase(@TempDir Path directory) throws Exception {
        secrets.put("channel key", CHANNEL_KEY);
        secrets.put("password", PASSWORD);
        secrets.put("mistyped password", WRONG_PASSWORD);
        secrets.put("prompt", PROMPT);
        secrets.put("answer", ANSWER);
        secrets.put("admin token", Gateway.ADMIN_TOKEN);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        try (ScriptedVendor vendor = ScriptedVendor.start();
                Gateway gateway = Gateway.startIn(directory)) {
            root.addAppender(log); // a start sets logging up anew
            administers(gateway, vendor);
            signsIn(gateway);
            calls(gateway, vendor);
            said.add(metrics(gateway));
        } finally {
            root.detachAppender(log);
        }
        log.list.forEach(event -> {
            said.add(event.getFormattedMessage());
            said.add(event.getThrowableProxy() == null ? "" : ThrowableProxyUtil.asString(event.getThrowableProxy()));
        });
        said.add(dump(directory));
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith("secret-key") && !file.endsWith("root-password"))
                    .toList()) {
                said.add(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
            }
        }

        assertThat(log.list).hasSizeGreaterThan(3); // the calls' lines at least
        assertThat(secrets).hasSize(12).doesNotContainValue("");
        secrets.forEach((kind, secret) ->
                said.forEach(text -> assertThat(text).as("the %s", kind).doesNotContain(secret)));
    }

    private void administers(Gateway gateway, ScriptedVendor vendor) {
        heard(gateway.api("POST", "/channels", """
                {"name":"planted","vendor":"openai","base_url":"%s","keys":["%s"],"models":["planted"]}""".formatted(vendor.baseUrl(), CHANNEL_KEY))
                .expect(201));
        heard(gateway.api("POST", "/channels", "{\"keys\":\"" + CHANNEL_KEY + "\",\"vendor\":7}")
                .expect(400));
        heard(gateway.api("POST", "/channels", "{\"keys\":{\"a\":\"" + CHANNEL_KEY + "\"}}")
                .expect(400));
        heard(gateway.api("POST", "/channels", "{\"keys\":[\"" + CHANNEL_KEY + "\"]")
                .expect(400));
        heard(gateway.api("POST", "/users", "{\"username\":\"x\",\"password\":[\"" + PASSWORD + "\"]}")
                .expect(400));
        heard(gateway.api(
                        "POST",
                        "/users",
                        "{\"username\":\"planted\",\"password\":\"" + PASSWORD + "\",\"quota_usd\":1}")
                .expect(201));
        secrets.put(
                "redemption code",
                gateway.api("POST", "/redemption-codes", "{\"name\":\"planted\",\"amount_usd\":1,\"count\":2}")
                        .expect(201)
                        .json()
                        .path("codes")
                        .path(0)
                        .asString());
    }

    private void signsIn(Gateway gateway) {
        heard(Someone.nobody(gateway)
                .asks("POST", "/session", "{\"username\":\"planted\",\"password\":\"" + WRONG_PASSWORD + "\"}")
                .expect(401));
        Someone user = Someone.signedIn(gateway, "planted", PASSWORD, 0);
        String cookies = String.valueOf(user.headers().get("Cookie"));
        secrets.put("session", cookies.replaceFirst(".*sluice_session=([^;]+).*", "$1"));
        String factor = "/users/" + user.reads("/session").path("id").asLong() + "/second-factor";
        String secret = user.asks("POST", factor, "{\"password\":\"" + PASSWORD + "\"}")
                .expect(201)
                .json()
                .path("secret")
                .asString();
        secrets.put("second factor", secret);
        heard(user.asks("POST", factor, "{\"password\":\"" + WRONG_PASSWORD + "\"}")
                .expect(400));
        secrets.put(
                "recovery code",
                user.asks("POST", factor + "/confirmation", "{\"code\":\"" + new Authenticator(secret).code() + "\"}")
                        .expect(200)
                        .json()
                        .path("recovery_codes")
                        .path(0)
                        .asString());
        heard(user.asks("POST", factor + "/removal", "{\"code\":{\"a\":\"" + secret + "\"}}")
                .expect(400));
        heard(user.gets(factor).expect(200));
        secrets.put(
                "token",
                user.asks("POST", "/tokens", "{\"name\":\"planted\"}")
                        .expect(201)
                        .json()
                        .path("key")
                        .asString());
        secrets.put(
                "access token",
                user.asks("POST", "/access-tokens", "{\"name\":\"planted\"}")
                        .expect(201)
                        .json()
                        .path("token")
                        .asString());
        heard(user.asks("POST", "/redemptions", "{\"code\":\"" + secrets.get("redemption code") + "\"}"));
        heard(user.asks("POST", "/redemptions", "{\"code\":\"" + secrets.get("redemption code") + "\"}"));
        heard(user.gets("/tokens").expect(200));
        heard(user.gets("/access-tokens").expect(200));
    }

    private void calls(Gateway gateway, ScriptedVendor vendor) {
        String key = String.valueOf(secrets.get("token"));
        gateway.price("planted", "{\"input_usd_per_mtok\":1,\"output_usd_per_mtok\":1}");
        String question = "{\"model\":\"planted\",\"messages\":[{\"role\":\"user\",\"content\":\"" + PROMPT + "\"}]}";
        vendor.answers(ScriptedVendor.chat(ANSWER, 3, 3));
        gateway.call(key, question).expect(200);
        vendor.refuses(401, ScriptedVendor.error("Incorrect API key provided: " + CHANNEL_KEY, "auth", "invalid"));
        heard(gateway.call(key, question).expect(502));
        heard(gateway.call(key, question.substring(0, question.length() - 1)).expect(400));
        heard(gateway.call(key + "x", question).expect(401));
        heard(gateway.api("GET", "/calls", null).expect(200));
        heard(gateway.api("GET", "/channels", null).expect(200));
        heard(gateway.api("GET", "/audit?limit=200", null).expect(200));
        heard(gateway.api("GET", "/redemption-codes", null).expect(200));
    }

    private static String metrics(Gateway gateway) throws Exception {
        try (java.net.http.HttpClient http = java.net.http.HttpClient.newHttpClient()) {
            StringBuilder all = new StringBuilder();
            for (String page : List.of("prometheus", "health", "info")) {
                all.append(http.send(
                                java.net.http.HttpRequest.newBuilder(java.net.URI.create(
                                                "http://127.0.0.1:" + gateway.managementPort() + "/actuator/" + page))
                                        .build(),
                                java.net.http.HttpResponse.BodyHandlers.ofString())
                        .body());
            }
            assertThat(all).contains("sluice_");
            return all.toString();
        }
    }

    private static String dump(Path directory) throws Exception {
        StringBuilder text = new StringBuilder();
        try (Connection connection =
                        DriverManager.getConnection("jdbc:h2:file:" + directory.resolve("sluice"), "sa", "");
                Statement statement = connection.createStatement();
                ResultSet lines = statement.executeQuery("SCRIPT")) {
            while (lines.next()) {
                text.append(lines.getString(1)).append('\n');
            }
        }
        assertThat(text).contains("planted").contains("v1:");
        return text.toString();
    }
}
