package dev.sluice.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;

/** An Nginx of a test's own that serves the site of {@code nginx/}, in front of as many gateways as the test has. */
public final class OwnNginx implements AutoCloseable {
    private final Process process;
    private final int port;

    private OwnNginx(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Skips the test where no {@code nginx} is installed. */
    public static OwnNginx start(Path folder, int... gateways) throws IOException {
        Assumptions.assumeTrue(
                List.of(System.getenv("PATH").split(":")).stream()
                        .anyMatch(path -> Files.isExecutable(Path.of(path, "nginx"))),
                "No nginx is installed.");
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        Path configuration = folder.resolve("nginx.conf");
        Files.writeString(configuration, """
                %s
                daemon off;
                worker_processes 2;
                pid nginx.pid;
                error_log error.log;
                events { worker_connections 1024; }
                http {
                    access_log off;
                    client_body_temp_path body;
                    proxy_temp_path proxy;
                    fastcgi_temp_path fastcgi;
                    uwsgi_temp_path uwsgi;
                    scgi_temp_path scgi;
                    %s
                }
                """.formatted(
                        System.getProperty("user.name").equals("root") ? "user root;" : "", site(port, gateways)));
        Process process = new ProcessBuilder(
                        "nginx", "-p", folder + "/", "-e", "error.log", "-c", configuration.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("out.log").toFile())
                .start();
        OwnNginx nginx = new OwnNginx(process, port);
        await("Nginx answers, see " + folder).atMost(Duration.ofSeconds(20)).until(nginx::listens);
        return nginx;
    }

    private static String site(int port, int... gateways) throws IOException {
        String site = Files.readString(Path.of("nginx/sluice.conf"));
        return site.replace("listen 80;", "listen 127.0.0.1:" + port + ";")
                .replace("    listen [::]:80;\n", "")
                // As the site's README says.
                .replace("    server 127.0.0.1:3000;\n", servers("fail_timeout=2s", gateways))
                .replace("    server 127.0.0.1:3000 max_fails=0;\n", servers("max_fails=0", gateways));
    }

    private static String servers(String more, int... ports) {
        return IntStream.of(ports)
                .mapToObj(each -> "    server 127.0.0.1:" + each + " " + more + ";\n")
                .collect(Collectors.joining());
    }

    private boolean listens() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 1_000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    public String url() {
        return "http://127.0.0.1:" + port;
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
