package dev.sluice.ledger;

import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.wire.CallId;
import dev.sluice.wire.Usage;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What waited while the database was away comes back in the largest batches there are. */
class BacklogTest {
    private static final int CALLS = 1_100;
    private static final long DAY = 86_400_000L;

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void fullBatchesOfManyDaysAreBooked(Databases kind) {
        try (Databases.Fresh database = kind.fresh();
                Gateway gateway = Gateway.start(database.setting())) {
            NewToken token = gateway.token();
            Ledger ledger = gateway.bean(Ledger.class);
            for (int i = 0; i < CALLS; i++) {
                ledger.append(entry(token, System.currentTimeMillis() - i % 25 * DAY));
            }
            await("all of them in the daily sums")
                    .atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> booked(gateway, token) == CALLS);
        }
    }

    private static long booked(Gateway gateway, NewToken token) {
        return gateway.api("GET", "/usage?group_by=model&token_id=" + token.id(), null)
                .expect(200)
                .json()
                .path("data")
                .path(0)
                .path("calls")
                .asLong();
    }

    private static Entry entry(NewToken token, long at) {
        return new Entry(
                CallId.next(at),
                at,
                "chat/completions",
                "m",
                "m",
                true,
                token.json().path("user_id").asLong(),
                token.id(),
                null,
                200,
                null,
                new Usage(9, 0, 0, 3, 0, false),
                5,
                "p",
                12,
                3L,
                1,
                null,
                "192.0.2.1",
                0,
                false,
                false);
    }
}
