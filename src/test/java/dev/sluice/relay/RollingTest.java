package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Books;
import dev.sluice.testing.Callers;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.OwnNginx;
import dev.sluice.testing.OwnRedis;
import dev.sluice.testing.Program;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two nodes behind the site of {@code nginx/} are restarted one after the other under calls: no call fails, no stream
 * breaks, every call is in the books. Once, or five times where the property {@code soak.rounds} asks for more than the
 * usual few.
 */
class RollingTest {
    private static final int ROUNDS = Integer.getInteger("soak.rounds", 2) > 2 ? 5 : 1;
    private static final String KEY = "SLUICE_SECRET_KEY=the same on all nodes, 32 chars.";

    @TempDir
    private Path folder;

    /** Plain calls are short, so that some begin in every moment; streams so long that all restarts cut into some. */
    private static Script answer(boolean stream) {
        String[] events = ScriptedVendor.chatStream("Hi there", 1, 2);
        Script answer = stream
                ? Script.events(events[0])
                : Script.pieces(200, "application/json")
                        .pause(Duration.ofMillis(10))
                        .send(ScriptedVendor.chat("Hi there", 1, 2));
        for (int i = 1; stream && i < events.length; i++) {
            answer = answer.pause(Duration.ofMillis(300)).send(events[i]);
        }
        return answer;
    }

    @Test
    @Timeout(900)
    void noCallFails_whenOneNodeAfterTheOtherIsRestarted() throws Exception {
        try (Databases.Fresh database = Databases.MYSQL.fresh();
                OwnRedis redis = OwnRedis.start();
                ScriptedVendor vendor = ScriptedVendor.start()) {
            vendor.always(call -> answer(call.text().contains("\"stream\":true")));
            NewToken token;
            try (Gateway gateway = Gateway.startIn(data("setup"), database.setting(), KEY)) {
                gateway.channel(vendor, "{\"models\":[\"priced\"]}");
                gateway.price("priced", "{\"usd_per_call\":0.001}");
                token = gateway.token("{\"quota_usd\":10000}");
            }
            List<Node> nodes = List.of(
                    new Node(data("one"), freePort(), database, redis),
                    new Node(data("other"), freePort(), database, redis));
            try (OwnNginx nginx = OwnNginx.start(
                            data("nginx"), nodes.stream().mapToInt(Node::port).toArray());
                    Program first = nodes.get(0).start();
                    Program second = nodes.get(1).start()) {
                Program[] running = {first, second};
                Callers callers = new Callers(nginx.url(), List.of(token.key()), "priced");
                try {
                    for (int round = 1; round <= ROUNDS; round++) {
                        rollAll(nodes, running, callers);
                        System.out.printf(
                                "restarted both nodes, round %d of %d: %,d answers, failed: %s%n",
                                round, ROUNDS, callers.answered().size(), callers.failures());
                    }
                    callers.finish();
                    for (Program each : running) {
                        assertThat(each.terminate()).isZero(); // the last calls are written
                    }
                } finally {
                    callers.close();
                    Arrays.stream(running).forEach(Program::close);
                }
                assertThat(callers.failures()).isEmpty();
                try (Gateway gateway = Gateway.startIn(data("setup"), database.setting(), KEY)) {
                    Books.hold(gateway, callers.answered());
                }
            }
        }
    }

    private static void rollAll(List<Node> nodes, Program[] running, Callers callers) throws Exception {
        for (int i = 0; i < running.length; i++) {
            awaitAnswers(callers);
            assertThat(running[i].terminate()).isZero();
            running[i] = nodes.get(i).start();
            Thread.sleep(3_000); // Nginx looks again after two seconds
        }
        awaitAnswers(callers);
    }

    private static void awaitAnswers(Callers callers) {
        int before = callers.answered().size();
        await().atMost(Duration.ofSeconds(30)).until(() -> callers.answered().size() > before + 200);
    }

    private record Node(Path data, int port, Databases.Fresh database, OwnRedis redis) {
        Program start() throws Exception {
            return Program.start(
                    data,
                    database.setting(),
                    redis.setting(),
                    KEY,
                    "SLUICE_PORT=" + port,
                    "SLUICE_TRUSTED_PROXIES=127.0.0.1/32");
        }
    }

    private Path data(String name) throws Exception {
        return Files.createDirectories(folder.resolve(name));
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
