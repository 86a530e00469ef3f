package dev.sluice.testing;

import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The gateway as a process of its own, which can be killed: the jar that the property {@code sluice.jar} names, else the
 * classes under test.
 */
public final class Program implements AutoCloseable {
    private final HttpClient http = HttpClient.newHttpClient();
    private final Process process;
    private final int port;

    private Program(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts on the data folder and waits until it is ready. Settings are {@code NAME=value}. */
    public static Program start(Path data, String... settings) throws IOException {
        ProcessBuilder java = new ProcessBuilder(Stream.concat(
                        Stream.of(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-Xmx256m"),
                        program().stream())
                .toList());
        java.environment().put("SLUICE_PORT", Integer.toString(freePort()));
        java.environment().put("SLUICE_MANAGEMENT_PORT", "0");
        java.environment().put("SLUICE_DATA_DIR", data.toString());
        java.environment().put("SLUICE_ADMIN_TOKEN", Gateway.ADMIN_TOKEN);
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            java.environment().put(setting.substring(0, equals), setting.substring(equals + 1));
        }
        File log = data.resolve("process.log").toFile();
        Program program = new Program(
                java.redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                        .start(),
                Integer.parseInt(java.environment().get("SLUICE_PORT")));
        try {
            await("the program is ready, see " + log)
                    .atMost(Duration.ofSeconds(120))
                    .pollInterval(Duration.ofMillis(100))
                    .until(program::ready);
            return program;
        } catch (RuntimeException | Error e) {
            program.close();
            throw e;
        }
    }

    private static List<String> program() {
        String jar = System.getProperty("sluice.jar", "");
        return jar.isEmpty()
                ? List.of("-cp", System.getProperty("java.class.path"), "dev.sluice.Sluice")
                : List.of("-jar", jar);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    public String url() {
        return "http://127.0.0.1:" + port;
    }

    public boolean ready() {
        HttpRequest question =
                HttpRequest.newBuilder(URI.create(url() + "/readyz")).build();
        try {
            return http.send(question, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** As {@code kill -9}: nothing of it is run any more. */
    public void kill() {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** As {@code kill}; the exit status. */
    public int terminate() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new UncheckedIOException(new IOException("the program does not end"));
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        kill();
        http.close();
    }
}
