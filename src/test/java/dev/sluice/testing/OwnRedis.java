package dev.sluice.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** A Redis server of a test's own, with a password and nothing on disk, which can be paused, killed and started again. */
public final class OwnRedis implements AutoCloseable {
    private final int port;
    private @Nullable Process server;

    private OwnRedis(int port) {
        this.port = port;
    }

    /** Skips the test where no {@code redis-server} is installed. */
    public static OwnRedis start() throws IOException {
        OwnRedis redis = down();
        redis.run();
        return redis;
    }

    /** An address at which nothing listens until {@link #run}. */
    public static OwnRedis down() throws IOException {
        Assumptions.assumeTrue(
                List.of(System.getenv("PATH").split(":")).stream()
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "redis-server"))),
                "No redis-server is installed.");
        try (ServerSocket socket = new ServerSocket(0)) {
            return new OwnRedis(socket.getLocalPort());
        }
    }

    /** Starts it, empty, and waits until it answers. */
    public void run() throws IOException {
        server = new ProcessBuilder(
                        "redis-server",
                        "--bind",
                        "127.0.0.1",
                        "--port",
                        Integer.toString(port),
                        "--requirepass",
                        "s3cret",
                        "--save",
                        "",
                        "--appendonly",
                        "no")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        await("Redis answers").atMost(Duration.ofSeconds(20)).until(() -> {
            try {
                return ask("PING").startsWith("+PONG");
            } catch (IOException e) {
                return false;
            }
        });
    }

    /** What it says to one command; of a long answer, the beginning. */
    public String ask(String command) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(2_000);
            OutputStream out = socket.getOutputStream();
            out.write(("AUTH s3cret\r\n" + command + "\r\nQUIT\r\n").getBytes(StandardCharsets.US_ASCII));
            String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            return all.substring(all.indexOf("\r\n") + 2);
        }
    }

    /** The setting to start a gateway with. */
    public String setting() {
        return "SLUICE_REDIS_URL=redis://:s3cret@127.0.0.1:" + port + "/0";
    }

    /** In the middle of whatever it does. */
    public void kill() throws InterruptedException {
        Process running = server;
        if (running != null) {
            running.destroyForcibly().waitFor();
        }
    }

    /** Its connections stay, and nothing answers. */
    public void pause() throws Exception {
        signal("-STOP");
    }

    public void resume() throws Exception {
        signal("-CONT");
    }

    private void signal(String signal) throws Exception {
        Process running = server;
        if (running != null) {
            new ProcessBuilder("kill", signal, Long.toString(running.pid()))
                    .start()
                    .waitFor(10, TimeUnit.SECONDS);
        }
    }

    @Override
    public void close() throws Exception {
        kill();
    }
}
