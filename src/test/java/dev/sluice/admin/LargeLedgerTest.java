package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.ledger.Entry;
import dev.sluice.ledger.Ledger;
import dev.sluice.ledger.RecentCalls;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.wire.CallId;
import dev.sluice.wire.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** What is asked of the ledger takes as long in a large one as in a small one: searches rest, and hours are remembered. */
class LargeLedgerTest {
    private static final long SECOND = 1_000;

    private static void call(Gateway gateway, long at, NewToken token, int status) {
        gateway.bean(Ledger.class)
                .append(new Entry(
                        CallId.floor(at).substring(0, 10) + CallId.next(at).substring(10),
                        at,
                        "chat/completions",
                        "gpt-4o-mini",
                        null,
                        true,
                        token.json().path("user_id").asLong(),
                        token.id(),
                        1L,
                        status,
                        status == 200 ? null : "upstream_error",
                        new Usage(10, 0, 0, 5, 0, false),
                        0,
                        null,
                        900,
                        120L,
                        1,
                        null,
                        "192.0.2.7",
                        0,
                        false,
                        false));
    }

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void aSearchThroughManyRowsRests_andGoesOnWhereItRested(Databases kind) {
        try (Databases.Fresh database = kind.fresh();
                Gateway gateway = Gateway.start(database.setting())) {
            NewToken token = gateway.token();
            long now = System.currentTimeMillis();
            for (int i = 0; i < 8_100; i++) {
                call(gateway, now - i * SECOND, token, i == 3_999 || i == 4_000 || i == 8_099 ? 418 : 200);
            }
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> gateway.api("GET", "/usage?group_by=token_id", null)
                                    .json()
                                    .path("data")
                                    .path(0)
                                    .path("calls")
                                    .asInt()
                            == 8_100);
            List<Integer> sizes = new ArrayList<>();
            List<String> seen = new ArrayList<>();
            String cursor = "";
            do {
                JsonNode page = gateway.api("GET", "/calls?status=418&token_id=" + token.id() + cursor, null)
                        .expect(200)
                        .json();
                page.path("data").forEach(call -> seen.add(call.path("at").asString()));
                sizes.add(page.path("data").size());
                cursor = page.path("next_cursor").isNull()
                        ? ""
                        : "&cursor=" + page.path("next_cursor").asString();
            } while (!cursor.isEmpty());
            assertThat(sizes).containsExactly(1, 1, 1);
            assertThat(seen).doesNotHaveDuplicates().hasSize(3);
            JsonNode full = gateway.api("GET", "/calls?status=200&limit=100&token_id=" + token.id(), null)
                    .json();
            assertThat(full.path("data")).hasSize(100);
        }
    }

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void anHourThatEndedIsRemembered_untilARowOfItIsBooked(Databases kind) {
        try (Databases.Fresh database = kind.fresh();
                Gateway gateway = Gateway.start(database.setting())) {
            NewToken token = gateway.token();
            RecentCalls recent = gateway.bean(RecentCalls.class);
            long hour = System.currentTimeMillis() / RecentCalls.HOUR;
            long ago = (hour - 5) * RecentCalls.HOUR + SECOND;
            call(gateway, ago, token, 200);
            call(gateway, hour * RecentCalls.HOUR, token, 502);
            gateway.calls(token, 2);
            long user = token.json().path("user_id").asLong();
            Map<Long, RecentCalls.Sums> first = hours(recent, hour, user);
            assertThat(first).containsOnlyKeys(hour - 5, hour);
            assertThat(first.get(hour - 5).ttftMs(0.5)).isBetween(120L, 144L); // right to a fifth
            assertThat(first.get(hour).errors()).isEqualTo(1);

            call(gateway, hour * RecentCalls.HOUR, token, 200);
            gateway.calls(token, 3);
            Map<Long, RecentCalls.Sums> second = hours(recent, hour, user);
            assertThat(second.get(hour - 5)).isSameAs(first.get(hour - 5));
            assertThat(second.get(hour).calls()).isEqualTo(2);

            call(gateway, ago, token, 200);
            gateway.calls(token, 4);
            assertThat(hours(recent, hour, user).get(hour - 5).calls()).isEqualTo(2);
        }
    }

    private static Map<Long, RecentCalls.Sums> hours(RecentCalls recent, long hour, long user) {
        Map<Long, RecentCalls.Sums> hours = recent.byHour(hour - 23, hour, user).block();
        assertThat(hours).isNotNull();
        return hours;
    }
}
