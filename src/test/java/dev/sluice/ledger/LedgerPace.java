package dev.sluice.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.DataDirectory;
import dev.sluice.database.Database;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.OwnMariaDb;
import dev.sluice.wire.CallId;
import dev.sluice.wire.Usage;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How fast the books are kept. Part of {@code ./mvnw -Psoak verify}; the numbers are in docs/performance.md. */
class LedgerPace {
    private static final int APPENDED = 400_000;
    private static final int BOOKED = 60_000;

    private static Entry entry(long token) {
        long now = System.currentTimeMillis();
        return new Entry(
                CallId.next(now),
                now,
                "chat/completions",
                "gpt-4o-mini",
                "gpt-4o-mini",
                true,
                1,
                token,
                3L,
                200,
                null,
                new Usage(900, 100, 0, 300, 0, false),
                307_500,
                "gpt-4o-mini in=0.15 cached=0.075 out=0.6",
                812,
                210L,
                1,
                null,
                "203.0.113.77",
                0,
                false,
                false);
    }

    /** The aim: 20 µs of CPU. */
    @Test
    @Timeout(120)
    void appends(@TempDir Path data) throws Exception {
        Journal journal = new Journal(data, 1L << 30);
        journal.begin(512, found -> {});
        fill(journal, APPENDED / 4); // warm
        long cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        fill(journal, APPENDED);
        double micros = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpu) / 1_000.0 / APPENDED;
        System.out.printf(Locale.ROOT, "An entry into the journal, files and all: %.2f µs of CPU%n", micros);
        assertThat(micros).isLessThan(20);
    }

    private static void fill(Journal journal, int many) {
        for (int i = 0; i < many; i++) {
            journal.append(entry(2));
            if (i % 512 == 0) {
                journal.prepare();
                journal.take(10_000);
                journal.booked();
            }
        }
    }

    /** The aim: 5,000 rows a second, with counters and daily sums, on two cores that the server has to share. */
    @Test
    @Timeout(300)
    void books(@TempDir Path folder) throws Exception {
        try (OwnMariaDb server = OwnMariaDb.start(folder.resolve("db"));
                Gateway gateway = Gateway.start(server.setting())) {
            NewToken token = gateway.token();
            Ledger ledger = Ledgers.started(gateway.bean(Database.class), new DataDirectory(folder.resolve("node")));
            fill(ledger, token.id(), BOOKED / 4); // warm
            long begun = System.nanoTime();
            fill(ledger, token.id(), BOOKED);
            double perSecond = BOOKED / ((System.nanoTime() - begun) / 1e9);
            ledger.stop();
            System.out.printf(Locale.ROOT, "Into MariaDB: %,.0f rows a second%n", perSecond);
            assertThat(gateway.tokenNow(token.id()).path("used_usd").asDouble())
                    .isCloseTo((BOOKED + BOOKED / 4) * 0.0003075, org.assertj.core.data.Offset.offset(1e-6));
            assertThat(perSecond).isGreaterThan(5_000);
        }
    }

    private static void fill(Ledger ledger, long token, int many) {
        for (int i = 0; i < many; i++) {
            ledger.append(entry(token));
        }
        while (ledger.waiting() > 0) {
            Thread.onSpinWait();
        }
    }
}
