package dev.sluice.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Books;
import dev.sluice.testing.Callers;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.OwnMariaDb;
import dev.sluice.testing.ScriptedVendor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The database goes away under calls: no call of a known token fails, and no row is missing afterwards. The property
 * {@code soak.seconds} says for how long.
 */
class DatabaseAwayTest {
    private static final int SECONDS = Integer.getInteger("soak.seconds", 2);

    /** Something that befalls the database, and ends with it being back. */
    private interface Trouble {
        void happen(OwnMariaDb database) throws Exception;
    }

    private static void survives(Path folder, Trouble trouble) throws Exception {
        try (OwnMariaDb database = OwnMariaDb.start(folder.resolve("db"));
                ScriptedVendor vendor = ScriptedVendor.start();
                Gateway gateway = Gateway.start(database.setting())) {
            vendor.alwaysAnswersChats();
            gateway.channel(vendor, "{\"models\":[\"priced\"]}");
            gateway.price("priced", "{\"usd_per_call\":0.001}");
            NewToken limited = gateway.token("{\"quota_usd\":1000}");
            NewToken unlimited = gateway.token();
            Set<String> answered = new HashSet<>();
            try (Callers callers = new Callers(gateway.url(), List.of(limited.key(), unlimited.key()), "priced")) {
                await().until(() -> callers.answered().size() > 200);
                trouble.happen(database);
                int before = callers.answered().size();
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> callers.answered().size() > before + 200);
                callers.finish();
                assertThat(callers.failures()).isEmpty();
                answered.addAll(callers.answered());
            }
            await("the ledger has booked all").atMost(Duration.ofSeconds(60)).until(() -> waiting(gateway) == 0);
            Books.hold(gateway, answered);
        }
    }

    private static double waiting(Gateway gateway) {
        return metric(gateway, "sluice_ledger_waiting_rows");
    }

    private static double metric(Gateway gateway, String name) {
        return gateway.bean(io.micrometer.core.instrument.MeterRegistry.class)
                .get(name.replace('_', '.'))
                .gauge()
                .value();
    }

    private static String readyz(Gateway gateway) {
        return gateway.send("GET", "/readyz", Map.of(), null).expect(200).body();
    }

    @Test
    @Timeout(300)
    void noCallFails_whenItIsStoppedForAWhile(@TempDir Path folder) throws Exception {
        survives(folder, database -> {
            database.stop();
            Thread.sleep(Duration.ofSeconds(SECONDS));
            database.start();
        });
    }

    @Test
    @Timeout(300)
    void noCallFails_whenItHangs(@TempDir Path folder) throws Exception {
        survives(folder, database -> {
            database.pause();
            Thread.sleep(Duration.ofSeconds(SECONDS));
            database.resume();
        });
    }

    @Test
    @Timeout(300)
    void noCallFails_whenItIsKilledInTheMiddleOfTransactions(@TempDir Path folder) throws Exception {
        survives(folder, database -> {
            for (int times = 0; times < 3; times++) {
                database.kill();
                database.start();
                Thread.sleep(300); // under calls every moment is in some transaction
            }
        });
    }

    @Test
    @Timeout(120)
    void refusesNewCalls_whenTheJournalIsFull_andLosesNoRow(@TempDir Path folder) throws Exception {
        String call = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
        try (OwnMariaDb database = OwnMariaDb.start(folder.resolve("db"));
                ScriptedVendor vendor = ScriptedVendor.start();
                Gateway gateway = Gateway.start(database.setting(), "SLUICE_JOURNAL_LIMIT=8MB")) {
            vendor.alwaysAnswersChats();
            gateway.channel(vendor, "{}");
            NewToken token = gateway.token();
            assertThat(gateway.call(token.key(), call).status()).isEqualTo(200);
            Ledger ledger = gateway.bean(Ledger.class);

            database.stop();
            int many = 1;
            while (!ledger.full()) {
                ledger.append(JournalTest.entry(token.id(), many++));
                if (many % 1_000 == 0) {
                    Thread.sleep(20); // time for the next file to be made
                }
            }
            ledger.append(JournalTest.entry(token.id(), many++));
            assertThat(gateway.call(token.key(), call).status()).isEqualTo(503);
            assertThat(gateway.send("GET", "/readyz", Map.of(), null).status()).isEqualTo(503);

            database.start();
            await().atMost(Duration.ofSeconds(60)).until(() -> waiting(gateway) == 0);
            assertThat(gateway.call(token.key(), call).status()).isEqualTo(200);
            readyz(gateway);
            assertThat(gateway.api("GET", "/usage?token_id=" + token.id(), null)
                            .json()
                            .path("data")
                            .path(0)
                            .path("calls")
                            .asInt())
                    .isEqualTo(many + 1);
        }
    }

    @Test
    @Timeout(120)
    void saysSo_inReadyzAndMetrics_andKnowsWhenItIsBack(@TempDir Path folder) throws Exception {
        try (OwnMariaDb database = OwnMariaDb.start(folder.resolve("db"));
                ScriptedVendor vendor = ScriptedVendor.start();
                Gateway gateway = Gateway.start(database.setting())) {
            vendor.alwaysAnswersChats();
            gateway.channel(vendor, "{}");
            NewToken token = gateway.token();
            assertThat(gateway.call(
                                    token.key(),
                                    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}")
                            .status())
                    .isEqualTo(200);
            assertThat(readyz(gateway)).contains("\"database\":\"ok\"");
            await("the first call is booked").until(() -> waiting(gateway) == 0);

            database.stop();
            assertThat(gateway.call(
                                    token.key(),
                                    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}")
                            .status())
                    .isEqualTo(200);
            await().atMost(Duration.ofSeconds(40)).until(() -> readyz(gateway).contains("\"database\":\"away\""));
            await().atMost(Duration.ofSeconds(40))
                    .until(() -> metric(gateway, "sluice_ledger_database_reachable") == 0);
            assertThat(waiting(gateway)).isEqualTo(1);
            assertThat(gateway.call(
                                    "sk-" + "0".repeat(48),
                                    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}")
                            .status())
                    .as("a token that is not known")
                    .isIn(401, 503);

            database.start();
            await().atMost(Duration.ofSeconds(40))
                    .until(() -> waiting(gateway) == 0 && readyz(gateway).contains("\"database\":\"ok\""));
            assertThat(metric(gateway, "sluice_ledger_database_reachable")).isEqualTo(1);
            assertThat(gateway.calls(token, 2)).hasSize(2);
        }
    }
}
