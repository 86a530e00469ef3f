package dev.sluice.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.database.Database;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.wire.CallId;
import dev.sluice.wire.Usage;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;

/** Old rows are dropped, and nothing that was summed from them; the same on every database. */
@ParameterizedClass
@MethodSource(Databases.ALL)
record RetentionTest(Databases database) {
    /** More than two batches. */
    private static final int OLD = 1_200;

    private static final LocalDate TODAY = LocalDate.now(ZoneOffset.UTC);

    private static Gateway gateway;
    private static long rootId;

    @BeforeParameterizedClassInvocation
    static void start(Databases database) {
        gateway = Gateway.shared(database);
        rootId = gateway.api("GET", "/session", null).json().path("id").asLong();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        gateway.clearChannels();
    }

    private static void books(NewToken token, Instant at) {
        String id = CallId.floor(at.toEpochMilli()).substring(0, 10)
                + CallId.next(System.currentTimeMillis()).substring(10);
        gateway.bean(Ledger.class)
                .append(new Entry(
                        id,
                        at.toEpochMilli(),
                        "chat",
                        "old",
                        "old",
                        false,
                        rootId,
                        token.id(),
                        1L,
                        200,
                        null,
                        new Usage(1, 0, 0, 1, 0, false),
                        3,
                        "p",
                        1,
                        null,
                        1,
                        null,
                        "192.0.2.1",
                        0,
                        false,
                        false));
    }

    private static long rows(NewToken token) {
        Long rows = gateway.bean(Database.class)
                .read(client -> client.sql("SELECT COUNT(*) FROM calls WHERE token_id = " + token.id())
                        .map(row -> row.get(0, Long.class))
                        .all())
                .blockFirst();
        return rows == null ? -1 : rows;
    }

    private static JsonNode usage(NewToken token) {
        return gateway.api(
                        "GET",
                        "/usage?group_by=day,model&from=" + TODAY.minusDays(60) + "&token_id=" + token.id(),
                        null)
                .expect(200)
                .json()
                .path("data");
    }

    private static boolean balanced() {
        return gateway.api("GET", "/reconciliation", null)
                .expect(200)
                .json()
                .path("balanced")
                .asBoolean();
    }

    private static Long drop() {
        return gateway.bean(Retention.class).drop().block();
    }

    private static void retention(String days) {
        gateway.api("PATCH", "/settings", "{\"retention_days\":" + days + "}").expect(200);
    }

    @Test
    void oldRowsGo_whileTheSumsAndTheBalanceStay() {
        NewToken token = gateway.token();
        Instant firstKept = TODAY.minusDays(10).atStartOfDay(ZoneOffset.UTC).toInstant();
        for (int i = 0; i < OLD; i++) {
            books(token, firstKept.minusMillis(1 + 3_000_000L * (i % 100)));
        }
        books(token, firstKept);
        books(token, Instant.now());
        await().atMost(Duration.ofSeconds(30)).until(() -> rows(token) == OLD + 2);
        JsonNode usage = usage(token);
        JsonNode used = gateway.tokenNow(token.id()).path("used_usd");

        retention("null");
        assertThat(drop()).isZero();
        retention("10");
        assertThat(drop()).isEqualTo(OLD);

        assertThat(rows(token)).isEqualTo(2);
        assertThat(usage(token)).isEqualTo(usage);
        assertThat(gateway.tokenNow(token.id()).path("used_usd")).isEqualTo(used);
        assertThat(balanced()).isTrue();
        books(token, firstKept.minusMillis(5));
        await().atMost(Duration.ofSeconds(30)).until(() -> rows(token) == 3);
        assertThat(drop()).isEqualTo(1);
        assertThat(balanced()).as("after a second time").isTrue();
        retention("null");
    }

    @Test
    void oldTasksGo_andNewOnesStay() {
        Tasks tasks = gateway.bean(Tasks.class);
        String id = "r" + System.nanoTime();
        long old = TODAY.minusDays(20).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
        for (long at : new long[] {old, System.currentTimeMillis()}) {
            tasks.add(new Tasks.Task("mj", id + (at == old ? "old" : "new"), 1, rootId, 1, "m", 1, at))
                    .block();
        }

        retention("10");
        drop();
        retention("null");

        assertThat(tasks.find("mj", List.of(id + "old", id + "new"), rootId).block())
                .extracting(Tasks.Task::id)
                .containsExactly(id + "new");
    }

    @Test
    void twoNodesAtOnceCountNoRowTwice_andCallsGoOn() {
        NewToken token = gateway.token();
        Instant old = TODAY.minusDays(30).atStartOfDay(ZoneOffset.UTC).toInstant();
        for (int i = 0; i < OLD; i++) {
            books(token, old.plusMillis(i));
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> rows(token) == OLD);
        retention("10");
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            vendor.always(Script.json(200, ScriptedVendor.chat("Hi", 1, 1)));
            gateway.channel(vendor, "{\"models\":[\"priced\"]}");
            gateway.price("priced", "{\"usd_per_call\":0.01}");
            CompletableFuture<Long> dropped = Flux.merge(
                            gateway.bean(Retention.class).drop(),
                            gateway.bean(Retention.class).drop())
                    .reduce(0L, Long::sum)
                    .toFuture();
            for (int i = 0; i < 20; i++) {
                gateway.call(
                                token.key(),
                                "{\"model\":\"priced\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}")
                        .expect(200);
            }
            assertThat(dropped.join()).isPositive().isLessThanOrEqualTo(OLD); // the gateway's own turn may take some
            gateway.calls(token, 20);
            gateway.clearChannels();
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> rows(token) == 20);
        assertThat(balanced()).isTrue();
        retention("null");
    }
}
