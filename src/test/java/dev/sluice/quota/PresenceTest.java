package dev.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.database.Database;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.wire.Money;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A node that falls silent loses its leases, and only then; what it spends afterwards is booked all the same. */
class PresenceTest {
    private static final Duration VALID = Duration.ofSeconds(2);
    private static final long DOLLAR = Money.NANOS_PER_USD;

    private static long leased(Database database, long token) {
        return Objects.requireNonNull(database.read(client -> client.sql(
                                "SELECT leased_nanos FROM tokens WHERE id = :id")
                        .bind("id", token)
                        .map(row -> Objects.requireNonNull(row.get(0, Long.class)))
                        .all())
                .blockLast());
    }

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void endsTheLeasesOfANodeThatFellSilent_butOfNoOther(Databases kind) {
        try (Databases.Fresh fresh = kind.fresh();
                Gateway gateway = Gateway.start(fresh.setting(), "SLUICE_LEASE_VALID=2s")) {
            Database database = gateway.bean(Database.class);
            NewToken token = gateway.token("{\"quota_usd\":100}");
            Account.Name account = new Account.Name(Account.Kind.TOKEN, token.id());
            Presence silent = new Presence(database, "silent", VALID);
            Presence talking = new Presence(database, "talking", VALID);
            assertThat(silent.valid()).as("before its first word").isFalse();
            silent.say(1).block();
            talking.say(1).block();
            assertThat(silent.valid()).isTrue();
            LeaseTable itsLeases = new LeaseTable("silent");
            database.inTransaction(client -> itsLeases.take(client, account, 7, DOLLAR, System.currentTimeMillis()))
                    .block();
            database.inTransaction(client ->
                            new LeaseTable("talking").take(client, account, 8, DOLLAR, System.currentTimeMillis()))
                    .block();
            assertThat(leased(database, token.id())).isEqualTo(10 * DOLLAR + 9 * DOLLAR);

            await("the gateway ends the silent one's lease")
                    .atMost(Duration.ofSeconds(20))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> {
                        talking.say(1).block();
                        return leased(database, token.id()) == 9 * DOLLAR;
                    });
            assertThat(silent.valid()).as("it uses none of it any more").isFalse();

            database.inTransaction(client ->
                            itsLeases.giveBack(client, account, 7, DOLLAR).thenReturn(true))
                    .block();
            assertThat(leased(database, token.id())).as("given back twice").isEqualTo(9 * DOLLAR);
            assertThat(silent.say(2).block()).as("it learns that it lost them").isTrue();
            assertThat(silent.say(3).block()).isFalse();
        }
    }
}
