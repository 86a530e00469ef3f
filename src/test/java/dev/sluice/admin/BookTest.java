package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.ledger.Entry;
import dev.sluice.ledger.Ledger;
import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.wire.CallId;
import dev.sluice.wire.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** The ledger and its sums, as the API shows them; the same on every database. */
@ParameterizedClass
@MethodSource(Databases.ALL)
record BookTest(Databases database) {
    private static final Instant DAY = Instant.parse("2026-03-01T00:00:00Z");
    private static final int EXPORTED = 1_234;

    private static Databases.Fresh fresh;
    private static Gateway gateway;
    private static Someone root;
    private static Someone user;
    private static long rootId;

    @BeforeParameterizedClassInvocation
    static void start(Databases database) {
        fresh = database.fresh();
        gateway = Gateway.start(fresh.setting());
        root = Someone.root(gateway);
        user = Someone.made(gateway, "user");
        rootId = root.reads("/session").path("id").asLong();
        books("2026-03-01T00:00:00Z", "m-one", rootId, 1L, 200, null, 100, 8_850);
        books("2026-03-01T23:59:59.999Z", "m-one", user.id(), 2L, 200, null, 10, 1);
        books("2026-03-02T00:00:00Z", "m-two", user.id(), null, 503, "no_available_channel", 0, 0);
        books("2026-03-03T12:00:00Z", "=cmd|\"x\", y", user.id(), 1L, 200, null, 5, 2_000_000_000);
        for (int i = 0; i < EXPORTED; i++) {
            books(Instant.parse("2025-01-01T00:00:00Z").plusMillis(i).toString(), "bulk", rootId, 1L, 200, null, 1, 1);
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            JsonNode sums = root.reads("/usage?from=2025-01-01&to=2026-03-31&group_by=model")
                    .path("data");
            long calls = 0;
            for (JsonNode row : sums) {
                calls += row.path("calls").asLong();
            }
            return calls == EXPORTED + 4;
        });
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        gateway.close();
        fresh.close();
    }

    private static void books(
            String at,
            String model,
            long userId,
            @Nullable Long channel,
            int status,
            @Nullable String error,
            long prompt,
            long nanos) {
        long millis = Instant.parse(at).toEpochMilli();
        // Ids of one run never go back in time; these days are in the past, so the time part is written over.
        String id = CallId.floor(millis).substring(0, 10)
                + CallId.next(System.currentTimeMillis()).substring(10);
        gateway.bean(Ledger.class)
                .append(new Entry(
                        id,
                        millis,
                        "chat",
                        model,
                        model,
                        true,
                        userId,
                        7,
                        channel,
                        status,
                        error,
                        new Usage(prompt, 0, 0, 3, 0, false),
                        nanos,
                        "p",
                        12,
                        3L,
                        1,
                        null,
                        "192.0.2.1",
                        0,
                        false,
                        false));
    }

    @Test
    void aCallShowsTheContractsFields() {
        JsonNode call =
                root.reads("/calls?model=m-one&user_id=" + rootId).path("data").path(0);
        assertThat(call.propertyNames())
                .contains(
                        "id",
                        "at",
                        "endpoint",
                        "model",
                        "upstream_model",
                        "stream",
                        "user_id",
                        "token_id",
                        "channel_id",
                        "status",
                        "error_code",
                        "prompt_tokens",
                        "cached_tokens",
                        "cache_write_tokens",
                        "completion_tokens",
                        "reasoning_tokens",
                        "estimated",
                        "cost_usd",
                        "duration_ms",
                        "ttft_ms",
                        "attempts",
                        "client_ip");
        assertThat(call.path("at").asString()).isEqualTo("2026-03-01T00:00:00Z");
        assertThat(call.path("cost_usd").toString()).isEqualTo("0.00000885");
        assertThat(root.reads("/calls/" + call.path("id").asString())).isEqualTo(call);
        user.gets("/calls/" + call.path("id").asString()).expect(404);
    }

    @Test
    void callsAreFilteredByEveryField_andPaged() {
        String march = "/calls?from=2026-03-01&to=2026-03-31";
        assertThat(root.reads(march).path("data")).hasSize(4);
        assertThat(root.reads(march + "&status=503").path("data")).hasSize(1);
        assertThat(root.reads(march + "&error_code=no_available_channel").path("data"))
                .hasSize(1);
        assertThat(root.reads(march + "&channel_id=2").path("data")).hasSize(1);
        assertThat(root.reads(march + "&model=m-*").path("data")).hasSize(3);
        assertThat(root.reads(march + "&stream=false").path("data")).isEmpty();
        assertThat(root.reads(march + "&endpoint=chat&token_id=7").path("data")).hasSize(4);
        assertThat(root.reads("/calls?from=2026-03-01&to=2026-03-01").path("data"))
                .hasSize(2);
        assertThat(root.reads("/calls?from=2026-03-01T00:00:00Z&to=2026-03-01T23:59:59.999Z")
                        .path("data"))
                .hasSize(1);
        JsonNode first = root.reads(march + "&limit=3");
        JsonNode second = root.reads(
                march + "&limit=3&cursor=" + first.path("next_cursor").asString());
        List<String> times = new ArrayList<>(first.path("data").findValuesAsString("at"));
        times.addAll(second.path("data").findValuesAsString("at"));
        assertThat(times).hasSize(4).isSortedAccordingTo(java.util.Comparator.reverseOrder());
        root.gets("/calls?from=yesterday").expect(400);
        root.gets("/calls?from=1900-01-01").expect(400);
    }

    @Test
    void aUserSeesItsOwnCallsAndUsageAlone() {
        assertThat(user.reads("/calls").path("data").findValuesAsString("user_id"))
                .hasSize(3)
                .containsOnly(Long.toString(user.id()));
        assertThat(user.reads("/calls?user_id=" + rootId).path("data")).isEmpty();
        JsonNode usage = user.reads("/usage?from=2026-03-01&to=2026-03-31&group_by=user_id")
                .path("data");
        assertThat(usage).hasSize(1);
        assertThat(usage.path(0).path("user_id").asLong()).isEqualTo(user.id());
        assertThat(user.with("Accept", "text/csv").gets("/calls").body().lines())
                .hasSize(4);
    }

    @Test
    void theExportHasEveryRow_andNoFormulas() {
        Answer export = root.with("Accept", "text/csv")
                .gets("/calls?model=bulk&limit=5")
                .expect(200);
        assertThat(export.header("Content-Type")).startsWith("text/csv");
        assertThat(export.body().lines()).hasSize(EXPORTED + 1);
        assertThat(export.body().lines().skip(1).map(line -> line.split(",")[0]))
                .doesNotHaveDuplicates();
        String risky = root.with("Accept", "text/csv")
                .gets("/calls?from=2026-03-03&to=2026-03-03")
                .body();
        assertThat(risky)
                .startsWith("id,at,endpoint,model,")
                .contains(",\"'=cmd|\"\"x\"\", y\",")
                .contains(",2,");
    }

    @Test
    void usageSumsWholeDays_byWhatIsAskedFor() {
        JsonNode days = root.reads("/usage?from=2026-03-01&to=2026-03-03").path("data");
        assertThat(days.findValuesAsString("day")).containsExactlyInAnyOrder("2026-03-01", "2026-03-02", "2026-03-03");
        JsonNode one = root.reads("/usage?from=2026-03-01T05:00:00Z&to=2026-03-02T00:00:00Z")
                .path("data");
        assertThat(one).hasSize(1);
        assertThat(one.path(0).path("calls").asLong()).isEqualTo(2);
        assertThat(one.path(0).path("prompt_tokens").asLong()).isEqualTo(110);
        assertThat(one.path(0).path("completion_tokens").asLong()).isEqualTo(6);
        assertThat(one.path(0).path("cost_usd").toString()).isEqualTo("0.000008851");
        JsonNode failed = root.reads("/usage?from=2026-03-02&to=2026-03-02&group_by=channel_id,model")
                .path("data");
        assertThat(failed.path(0).path("errors").asLong()).isEqualTo(1);
        assertThat(failed.path(0).get("channel_id").isNull()).isTrue();
        assertThat(failed.path(0).path("model").asString()).isEqualTo("m-two");
        root.gets("/usage?group_by=colour").expect(400);
        root.gets("/usage?limit=5").expect(400);
        root.gets("/usage?from=2026-03-05&to=2026-03-01").expect(400);
        assertThat(root.reads("/usage").path("data")).isEmpty();
    }
}
