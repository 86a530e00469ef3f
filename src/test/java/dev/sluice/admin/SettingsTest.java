package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** What root changes while the gateway runs, and registration, which is off until root allows it. */
class SettingsTest {
    private static Gateway gateway;
    private static Someone root;

    @BeforeAll
    static void start() {
        gateway = Gateway.shared(Databases.H2);
        root = Someone.root(gateway);
    }

    private static Answer registers(String name, String from) {
        return Someone.nobody(gateway).with("X-Forwarded-For", from).asks("POST", "/registrations", """
                {"username": "%s", "password": "12345678"}""".formatted(
                        name));
    }

    @Test
    void defaultsAreSafe() {
        assertThat(root.reads("/settings").toString())
                .isEqualTo("{\"registration\":false,\"registration_quota_usd\":0,\"registration_group\":\"default\","
                        + "\"retention_days\":null,\"max_attempts\":4,\"low_balance_percent\":10,\"fallback_models\":{},\"routing\":{},"
                        + "\"response_cache\":{},\"queue_wait_seconds\":0,\"queue_size\":200}");
    }

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void nullBringsTheDefaultBack(Databases kind) {
        Someone there = Someone.root(Gateway.shared(kind));
        JsonNode set = there.asks("PATCH", "/settings", "{\"retention_days\":30000,\"registration_quota_usd\":null}")
                .expect(200)
                .json();
        assertThat(there.reads("/settings")).isEqualTo(set);
        assertThat(set.path("retention_days").asInt()).isEqualTo(30_000);
        assertThat(set.path("registration_quota_usd").isNull()).isTrue();
        there.asks("PATCH", "/settings", "{\"retention_days\":null,\"registration_quota_usd\":0}")
                .expect(200);
        assertThat(there.reads("/settings").path("retention_days").isNull()).isTrue();
    }

    @Test
    void whatIsSetIsFoundAgain(@TempDir Path data) {
        JsonNode set;
        try (Gateway first = Gateway.startIn(data)) {
            set = Someone.root(first)
                    .asks("PATCH", "/settings", "{\"retention_days\":30,\"max_attempts\":2}")
                    .expect(200)
                    .json();
        }
        try (Gateway second = Gateway.startIn(data)) {
            assertThat(Someone.root(second).reads("/settings")).isEqualTo(set);
        }
    }

    @Test
    void wrongValuesAreNamed() {
        String faults = root.asks("PATCH", "/settings", """
                {"retention_days":6,"max_attempts":0,"low_balance_percent":101,"registration":"yes",\
                "registration_group":"nowhere","registration_quota_usd":-1,"colour":1}""")
                .expect(400)
                .json()
                .path("errors")
                .toString();
        assertThat(faults)
                .contains(
                        "retention_days",
                        "max_attempts",
                        "low_balance_percent",
                        "registration",
                        "registration_group",
                        "registration_quota_usd",
                        "colour");
    }

    @Test
    void nobodyRegistersUntilRootAllowsIt_thenWithTheSettingsQuotaAndGroup() {
        registers("early", "192.0.2.1").expect(403);
        root.asks("POST", "/groups", "{\"name\":\"strangers\"}").expect(201);
        root.asks("PATCH", "/settings", """
                {"registration":true,"registration_group":"strangers","registration_quota_usd":0.5}""").expect(200);
        JsonNode made = registers("newcomer", "192.0.2.1").expect(201).json();
        assertThat(made.path("role").asString()).isEqualTo("user");
        assertThat(made.path("group").asString()).isEqualTo("strangers");
        assertThat(made.path("quota_usd").toString()).isEqualTo("0.5");
        registers("newcomer", "192.0.2.2").expect(409);
        registers("bad name", "192.0.2.2").expect(400);
        Someone.signedIn(gateway, "newcomer", "12345678", made.path("id").asLong())
                .reads("/session");
        assertThat(root.reads("/audit?action=register")
                        .path("data")
                        .path(0)
                        .path("client_ip")
                        .asString())
                .isEqualTo("192.0.2.1");
        root.asks(
                        "PATCH",
                        "/settings",
                        "{\"registration\":null,\"registration_group\":null,\"registration_quota_usd\":0}")
                .expect(200);
        registers("late", "192.0.2.1").expect(403);
    }

    @Test
    void oneAddressCannotRegisterWithoutEnd() {
        root.asks("PATCH", "/settings", "{\"registration\":true}").expect(200);
        assertThat(IntStream.range(0, 31)
                        .mapToObj(i -> registers("many" + i, "192.0.2.77").status())
                        .toList())
                .contains(201)
                .endsWith(429);
        root.asks("PATCH", "/settings", "{\"registration\":false}").expect(200);
    }
}
