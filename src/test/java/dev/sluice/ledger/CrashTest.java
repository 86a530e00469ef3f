package dev.sluice.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Books;
import dev.sluice.testing.Callers;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Program;
import dev.sluice.testing.ScriptedVendor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A real process under calls is killed without warning, again and again: every answer that a caller saw whole is in the
 * books, once. The property {@code soak.rounds} says how often; more than the usual few take all databases.
 */
class CrashTest {
    private static final int ROUNDS = Integer.getInteger("soak.rounds", 2);

    static Stream<Databases> databases() {
        return ROUNDS > 2 ? Databases.all() : Stream.of(Databases.H2);
    }

    @ParameterizedTest
    @MethodSource("databases")
    @Timeout(900)
    void losesNoCall_andBooksNoneTwice_whenItIsKilled(Databases kind, @TempDir Path data) throws Exception {
        try (Databases.Fresh database = kind.fresh();
                ScriptedVendor vendor = ScriptedVendor.start()) {
            vendor.alwaysAnswersChats();
            NewToken token;
            try (Gateway gateway = Gateway.startIn(data, database.setting())) {
                gateway.channel(vendor, "{\"models\":[\"priced\"]}");
                gateway.price("priced", "{\"usd_per_call\":0.001}");
                token = gateway.token("{\"quota_usd\":1000}");
            }
            Set<String> answered = new HashSet<>();
            for (int round = 1; round <= ROUNDS; round++) {
                Set<String> seen = killedUnderCalls(data, database.setting(), token.key());
                assertThat(seen).as("answers of round " + round).isNotEmpty();
                answered.addAll(seen);
                if (ROUNDS > 2) {
                    System.out.printf("%s, round %d of %d: %,d answers%n", kind, round, ROUNDS, seen.size());
                }
            }
            try (Gateway gateway = Gateway.startIn(data, database.setting())) {
                Books.hold(gateway, answered);
                assertThat(gateway.tokenNow(token.id()).path("used_usd").asDouble())
                        .isGreaterThanOrEqualTo(answered.size() * 0.001 - 1e-9);
            }
        }
    }

    private static Set<String> killedUnderCalls(Path data, String database, String key) throws Exception {
        try (Program program = Program.start(data, database);
                Callers callers = new Callers(program.url(), List.of(key), "priced")) {
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> callers.answered().size() > 100);
            Thread.sleep(ThreadLocalRandom.current().nextInt(1_000)); // any moment is as good as another
            program.kill();
            return Set.copyOf(callers.answered());
        }
    }
}
