package dev.sluice.testing;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.mysql.MySQLContainer;

/**
 * The databases that a test can be run against: H2 always; MySQL on the server that {@code SLUICE_TEST_MYSQL_URL} names
 * ({@code mysql://user:password@host:port/}, a user who may create databases), else in a container where a Docker engine
 * answers; PostgreSQL where {@code SLUICE_TEST_POSTGRES_URL} names a server. Use with
 * {@code @MethodSource(Databases.ALL)}.
 */
public enum Databases {
    H2,
    MYSQL,
    POSTGRESQL;

    public static final String ALL = "dev.sluice.testing.Databases#all";

    /** An empty database, and its removal. */
    public record Fresh(String setting, @Nullable Server server, String name) implements AutoCloseable {
        /** The setting to start a {@link Gateway} with. */
        @Override
        public String setting() {
            return setting;
        }

        /** The URL alone; not for the embedded database. */
        public String url() {
            return setting.substring("SLUICE_DATABASE_URL=".length());
        }

        @Override
        public void close() {
            if (server != null) {
                server.execute("DROP DATABASE " + name);
            }
        }
    }

    /** A database server, and the user who may create databases there. */
    private record Server(String scheme, String host, int port, String user, String password) {
        static Server of(String url) {
            URI address = URI.create(url);
            String[] login = (address.getRawUserInfo() == null ? "root" : address.getRawUserInfo()).split(":", 2);
            int port = address.getPort() > 0
                    ? address.getPort()
                    : address.getScheme().startsWith("p") ? 5432 : 3306;
            return new Server(
                    address.getScheme().startsWith("p") ? "postgresql" : "mysql",
                    address.getHost(),
                    port,
                    decode(login[0]),
                    login.length > 1 ? decode(login[1]) : "");
        }

        private static String decode(String part) {
            return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
        }

        void execute(String sql) {
            String jdbc = scheme.equals("mysql")
                    ? "jdbc:mariadb://%s:%d/?allowPublicKeyRetrieval=true"
                    : "jdbc:postgresql://%s:%d/postgres";
            Properties login = new Properties();
            login.put("user", user);
            login.put("password", password);
            try (Connection connection = DriverManager.getConnection(jdbc.formatted(host, port), login);
                    Statement statement = connection.createStatement()) {
                statement.execute(sql);
            } catch (SQLException e) {
                throw new IllegalStateException("the " + scheme + " server of the tests: " + e.getMessage(), e);
            }
        }

        Fresh fresh() {
            String name = "sluice_test_" + UUID.randomUUID().toString().substring(0, 8);
            execute("CREATE DATABASE " + name);
            String login = Gateway.escape(user) + (password.isEmpty() ? "" : ":" + Gateway.escape(password));
            String url = "%s://%s@%s:%d/%s".formatted(scheme, login, host, port, name);
            return new Fresh("SLUICE_DATABASE_URL=" + url, this, name);
        }
    }

    /** One container for all tests; it ends with the process. */
    private static @Nullable Server container;

    /** Every database that a run should cover; those that are not there are skipped by {@link #fresh}. */
    public static Stream<Databases> all() {
        return Arrays.stream(values()).filter(database -> database != POSTGRESQL || variable(POSTGRESQL) != null);
    }

    /** An empty database of this kind; skips the test, saying why, where there is no server. */
    public Fresh fresh() {
        if (this == H2) {
            return new Fresh("SLUICE_DATABASE_URL=", null, "");
        }
        String url = variable(this);
        if (url != null) {
            return Server.of(url).fresh();
        }
        Assumptions.assumeTrue(
                this == MYSQL && dockerAnswers(),
                "No " + this + " was tested: neither does a Docker engine answer nor does " + name(this)
                        + " name a server.");
        return container().fresh();
    }

    private static @Nullable String variable(Databases database) {
        String url = System.getenv(name(database));
        return url == null || url.isBlank() ? null : url;
    }

    private static String name(Databases database) {
        return database == MYSQL ? "SLUICE_TEST_MYSQL_URL" : "SLUICE_TEST_POSTGRES_URL";
    }

    private static boolean dockerAnswers() {
        return DockerClientFactory.instance().isDockerAvailable();
    }

    @SuppressWarnings("resource") // Testcontainers removes it when the process ends.
    private static synchronized Server container() {
        if (container == null) {
            MySQLContainer mysql =
                    new MySQLContainer("mysql:8.4").withUsername("root").withPassword("test");
            mysql.start();
            container = new Server("mysql", mysql.getHost(), mysql.getMappedPort(3306), "root", "test");
        }
        return container;
    }
}
