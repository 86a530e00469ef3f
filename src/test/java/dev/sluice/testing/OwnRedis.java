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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** A Redis server of a test's own, with a password and nothing on disk, which can be paused, killed and started again. */
public final class OwnRedis implements AutoCloseable {
    private final int port;
    /** With a certificate for 127.0.0.1, its own authority, and the key; null: it speaks in the clear. */
    private final @Nullable Path certificates;

    private @Nullable Process server;

    private OwnRedis(int port, @Nullable Path certificates) {
        this.port = port;
        this.certificates = certificates;
    }

    /** One that speaks TLS alone. Skips the test where no {@code redis-server} or no {@code openssl} is installed. */
    public static OwnRedis startWithTls(Path folder) throws Exception {
        Assumptions.assumeTrue(found("openssl"), "No openssl is installed.");
        Process openssl = new ProcessBuilder(
                        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout tls.key -out tls.crt"
                                .split(" "))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!openssl.waitFor(30, TimeUnit.SECONDS) || openssl.exitValue() != 0) {
            throw new IllegalStateException("openssl makes no certificate");
        }
        OwnRedis redis = down(folder);
        redis.run();
        return redis;
    }

    /** Skips the test where no {@code redis-server} is installed. */
    public static OwnRedis start() throws IOException {
        OwnRedis redis = down();
        redis.run();
        return redis;
    }

    /** An address at which nothing listens until {@link #run}. */
    public static OwnRedis down() throws IOException {
        return down(null);
    }

    private static OwnRedis down(@Nullable Path certificates) throws IOException {
        Assumptions.assumeTrue(found("redis-server"), "No redis-server is installed.");
        try (ServerSocket socket = new ServerSocket(0)) {
            return new OwnRedis(socket.getLocalPort(), certificates);
        }
    }

    private static boolean found(String program) {
        return List.of(System.getenv("PATH").split(":")).stream()
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** Starts it, empty, and waits until it answers. */
    public void run() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "redis-server", "--bind", "127.0.0.1", "--requirepass", "s3cret", "--save", "", "--appendonly", "no"));
        command.addAll(
                certificates == null
                        ? List.of("--port", Integer.toString(port))
                        : List.of(
                                "--port",
                                "0",
                                "--tls-port",
                                Integer.toString(port),
                                "--tls-cert-file",
                                certificates.resolve("tls.crt").toString(),
                                "--tls-key-file",
                                certificates.resolve("tls.key").toString(),
                                "--tls-auth-clients",
                                "no"));
        server = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        await("Redis answers").atMost(Duration.ofSeconds(20)).until(() -> {
            try {
                return certificates == null ? ask("PING").startsWith("+PONG") : listens();
            } catch (IOException e) {
                return false;
            }
        });
    }

    private boolean listens() throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        }
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

    public int port() {
        return port;
    }

    /** The setting to start a gateway with. */
    public String setting() {
        return certificates == null
                ? "SLUICE_REDIS_URL=redis://:s3cret@127.0.0.1:" + port + "/0"
                : "SLUICE_REDIS_URL=rediss://:s3cret@127.0.0.1:" + port + "/0?sslrootcert="
                        + certificates.resolve("tls.crt");
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
    public void close() throws IOException {
        Process running = server;
        if (running != null) {
            running.destroyForcibly();
        }
    }
}
