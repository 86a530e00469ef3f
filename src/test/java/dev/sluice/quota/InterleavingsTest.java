package dev.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.access.Caller;
import dev.sluice.access.Group;
import dev.sluice.access.Renewal;
import dev.sluice.access.Role;
import dev.sluice.access.Token;
import dev.sluice.access.User;
import dev.sluice.database.DataDirectory;
import dev.sluice.database.Database;
import dev.sluice.ledger.Entry;
import dev.sluice.ledger.Ledger;
import dev.sluice.ledger.Ledgers;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.wire.CallId;
import dev.sluice.wire.Limits;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Usage;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * Random histories of one token and its user on two nodes: reserve, settle, cancel, raise and lower the quota, stop in order,
 * stop without a word. However they interleave, what is used is the sum of what was settled, no more is promised than
 * there is, and in the end nothing stays leased.
 */
class InterleavingsTest {
    private static final int HISTORIES = Integer.getInteger("soak.histories", 2);
    private static final int STEPS = 100;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void balance(Databases kind) {
        Gateway gateway = Gateway.shared(kind);
        for (int history = 0; history < HISTORIES; history++) {
            long seed = history * 7_919L + 1;
            try {
                new History(gateway, seed).run();
            } catch (AssertionError e) {
                throw new AssertionError("the history of seed " + seed, e);
            }
        }
    }

    private record Held(Hold hold, long estimate, int node) {}

    private final class History {
        private final Random random;
        private final long seed;
        private final Gateway gateway;
        private final Database database;
        private final long tokenId;
        private final long userId;
        private final Quota[] nodes = new Quota[2];
        private final Ledger[] ledgers = new Ledger[2];
        private final List<Held> held = new ArrayList<>();
        private long tokenQuota;
        private long userQuota;
        private long spent;

        History(Gateway gateway, long seed) {
            this.gateway = gateway;
            this.seed = seed;
            this.random = new Random(seed);
            this.database = gateway.bean(Database.class);
            this.tokenQuota = 1_000 + random.nextInt(9_000);
            this.userQuota = 1_000 + random.nextInt(9_000);
            JsonNode user = gateway.api(
                            "POST",
                            "/users",
                            "{\"username\":\"u" + seed + "\",\"password\":\"a long password 1\",\"quota_usd\":"
                                    + usd(userQuota) + "}")
                    .expect(201)
                    .json();
            userId = user.path("id").asLong();
            tokenId = gateway.token("{\"quota_usd\":" + usd(tokenQuota) + ",\"user_id\":" + userId + "}")
                    .id();
            start(0);
            start(1);
        }

        private static String usd(long nanos) {
            return dev.sluice.wire.Money.text(nanos);
        }

        private void start(int node) {
            DataDirectory directory = new DataDirectory(folder.resolve("node-" + seed + "-" + node));
            if (ledgers[node] == null) {
                ledgers[node] = Ledgers.started(database, directory);
            }
            nodes[node] = new Quota(database, directory, Clock.systemUTC(), Duration.ofMinutes(15));
            nodes[node].start();
        }

        void run() {
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(12)) {
                    case 0 -> setQuota();
                    case 1 -> restart(random.nextInt(2));
                    case 2, 3, 4 -> settle();
                    case 5 -> cancel();
                    default -> reserve();
                }
                promisesNoMoreThanThereIs();
            }
            while (!held.isEmpty()) {
                settle();
            }
            for (int node = 0; node < 2; node++) {
                nodes[node].stop();
                ledgers[node].stop();
            }
            assertThat(number("SELECT used_nanos FROM tokens WHERE id = " + tokenId))
                    .isEqualTo(spent);
            assertThat(number("SELECT used_nanos FROM users WHERE id = " + userId))
                    .isEqualTo(spent);
            assertThat(number("SELECT leased_nanos FROM tokens WHERE id = " + tokenId))
                    .isZero();
            assertThat(number("SELECT leased_nanos FROM users WHERE id = " + userId))
                    .isZero();
        }

        private Caller caller() {
            Token token = new Token(
                    tokenId,
                    "t",
                    "",
                    "",
                    userId,
                    true,
                    null,
                    tokenQuota,
                    0,
                    Renewal.NEVER,
                    List.of(),
                    List.of(),
                    Limits.NONE,
                    null,
                    null,
                    0,
                    0);
            User user = new User(
                    userId, "u", "", Role.USER, "default", true, userQuota, 0, Renewal.NEVER, Limits.NONE, 0, 0);
            return new Caller(token, user, new Group("default", 1_000_000, Limits.NONE, 0, 0), null);
        }

        private void reserve() {
            int which = random.nextInt(2);
            Quota node = nodes[which];
            long estimate = 1 + random.nextInt(400);
            Hold hold = node.reserve(caller(), estimate);
            if (hold == null) {
                hold = leased(node, estimate);
            }
            if (hold != null) {
                held.add(new Held(hold, estimate, which));
            }
        }

        private @Nullable Hold leased(Quota node, long estimate) {
            try {
                return node.lease(caller(), estimate).block();
            } catch (Refusal refusal) {
                assertThat(refusal.reason()).isEqualTo(Refusal.Reason.INSUFFICIENT_QUOTA);
                return null;
            }
        }

        private void settle() {
            if (!held.isEmpty()) {
                Held one = held.remove(random.nextInt(held.size()));
                long cost = random.nextInt((int) one.estimate + 1);
                assertThat(one.hold.settle(cost)).isTrue();
                spent += cost;
                ledgers[one.node].append(entry(one.hold, cost));
            }
        }

        private void cancel() {
            if (!held.isEmpty()) {
                Held one = held.remove(random.nextInt(held.size()));
                one.hold.settle(0);
                assertThat(one.hold.settle(5)).as("a second time").isFalse();
            }
        }

        private void setQuota() {
            tokenQuota = 1_000 + random.nextInt(9_000);
            userQuota += random.nextInt(2_000);
            gateway.api("PATCH", "/tokens/" + tokenId, "{\"quota_usd\":" + usd(tokenQuota) + "}")
                    .expect(200);
            gateway.api("PATCH", "/users/" + userId, "{\"quota_usd\":" + usd(userQuota) + "}")
                    .expect(200);
        }

        /**
         * In order, when its calls have ended; or as after a kill: its calls are gone, and the next run finds leases that
         * nobody gave back, after the ledger has booked what was finished.
         */
        private void restart(int node) {
            boolean killed = random.nextBoolean();
            if (!killed && held.stream().noneMatch(each -> each.node == node)) {
                nodes[node].stop();
            } else {
                held.removeIf(each -> each.node == node);
            }
            ledgers[node].caughtUp().block();
            start(node);
        }

        private void promisesNoMoreThanThereIs() {
            long promised = held.stream().mapToLong(Held::estimate).sum();
            assertThat(spent + promised).isLessThanOrEqualTo(userQuota);
        }

        private long number(String sql) {
            return Objects.requireNonNull(database.read(client -> client.sql(sql)
                            .map(row -> Objects.requireNonNull(row.get(0, Long.class)))
                            .all())
                    .blockLast());
        }

        private Entry entry(Hold hold, long cost) {
            return new Entry(
                    CallId.next(System.currentTimeMillis()),
                    System.currentTimeMillis(),
                    "chat/completions",
                    "m",
                    "m",
                    false,
                    userId,
                    tokenId,
                    null,
                    200,
                    null,
                    new Usage(1, 0, 0, 1, 0, false),
                    cost,
                    "p",
                    1,
                    null,
                    1,
                    null,
                    "127.0.0.1",
                    hold.leaseEpoch(),
                    hold.leasedFromToken(),
                    hold.leasedFromUser());
        }
    }
}
