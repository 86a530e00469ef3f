package dev.sluice.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** A MariaDB server of a test's own, on a folder of its own, which can be stopped, paused and killed. */
public final class OwnMariaDb implements AutoCloseable {
    private final Path folder;
    private final int port;
    private @Nullable Process server;

    private OwnMariaDb(Path folder, int port) {
        this.folder = folder;
        this.port = port;
    }

    /** Skips the test where no {@code mariadbd} is installed. */
    public static OwnMariaDb start(Path folder) throws Exception {
        Assumptions.assumeTrue(found("mariadbd") && found("mariadb-install-db"), "No mariadbd is installed.");
        run(List.of(
                "mariadb-install-db",
                "--no-defaults",
                "--datadir=" + folder.resolve("data"),
                "--user=" + System.getProperty("user.name"),
                "--auth-root-authentication-method=normal",
                "--skip-test-db"));
        try (ServerSocket socket = new ServerSocket(0)) {
            OwnMariaDb database = new OwnMariaDb(folder, socket.getLocalPort());
            socket.close();
            database.start();
            database.execute("CREATE DATABASE sluice");
            return database;
        }
    }

    private static boolean found(String program) {
        return List.of(System.getenv("PATH").split(":")).stream()
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static void run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
            throw new IllegalStateException(command.getFirst() + " failed");
        }
    }

    /** Starts it, again if need be, and waits until it answers. */
    public void start() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "mariadbd",
                "--no-defaults",
                "--datadir=" + folder.resolve("data"),
                "--socket=" + folder.resolve("s"),
                "--pid-file=" + folder.resolve("pid"),
                "--bind-address=127.0.0.1",
                "--port=" + port,
                "--user=" + System.getProperty("user.name"),
                "--skip-log-bin"));
        server = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve("mariadb.log").toFile()))
                .start();
        await("MariaDB answers, see " + folder).atMost(Duration.ofSeconds(60)).until(this::answers);
    }

    private boolean answers() {
        try {
            execute("SELECT 1");
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private void execute(String sql) {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:mariadb://127.0.0.1:" + port + "/?user=root&connectTimeout=1000");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The setting to start a gateway with. */
    public String setting() {
        return "SLUICE_DATABASE_URL=mysql://root@127.0.0.1:" + port + "/sluice";
    }

    /** In order. */
    public void stop() throws InterruptedException {
        Process running = server;
        if (running != null) {
            running.destroy();
            running.waitFor();
        }
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
        if (running != null && running.isAlive()) {
            run(List.of("kill", signal, Long.toString(running.pid())));
        }
    }

    @Override
    public void close() throws Exception {
        resume();
        kill();
    }
}
