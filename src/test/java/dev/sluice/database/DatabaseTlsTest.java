package dev.sluice.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.Databases;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

/**
 * How far {@code sslmode} goes, for the pool and for the migrations alike, against servers whose certificate is the file
 * that {@code SLUICE_TEST_DATABASE_CA} names.
 */
class DatabaseTlsTest {
    private static String trusted = "";

    @BeforeAll
    static void certificate() {
        String file = System.getenv("SLUICE_TEST_DATABASE_CA");
        Assumptions.assumeTrue(file != null, "SLUICE_TEST_DATABASE_CA names no certificate of the tests' servers.");
        trusted = "&sslrootcert=" + file;
    }

    @ParameterizedTest
    @CsvSource({
        "MYSQL, require, false",
        "MYSQL, verify-ca, true",
        "MYSQL, verify-full, true",
        "POSTGRESQL, require, false",
        "POSTGRESQL, verify-ca, true",
        "POSTGRESQL, verify-full, true"
    })
    void encryptsBothWays(Databases kind, String mode, boolean withCertificate) throws Exception {
        try (Databases.Fresh database = kind.fresh()) {
            DatabaseAddress address =
                    DatabaseAddress.parse(database.url() + "?sslmode=" + mode + (withCertificate ? trusted : ""));

            assertThat(cipherOfThePool(address)).isNotEmpty();
            assertThat(cipherOfTheMigrations(address)).isNotEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Databases.class,
            names = {"MYSQL", "POSTGRESQL"})
    void sendsNoPassword_toAServerWhoseCertificateIsNotTrusted(Databases kind) {
        try (Databases.Fresh database = kind.fresh()) {
            DatabaseAddress address = DatabaseAddress.parse(database.url() + "?sslmode=verify-full");

            assertThatThrownBy(() -> cipherOfThePool(address)).isInstanceOf(R2dbcException.class);
            assertThatThrownBy(() -> cipherOfTheMigrations(address))
                    .isInstanceOf(SQLException.class)
                    .hasStackTraceContaining("ertificat");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Databases.class,
            names = {"MYSQL", "POSTGRESQL"})
    void speaksInTheClear_onlyWhenNotAsked(Databases kind) throws Exception {
        try (Databases.Fresh database = kind.fresh()) {
            DatabaseAddress address = DatabaseAddress.parse(database.url());

            assertThat(cipherOfThePool(address)).isEmpty();
            assertThat(cipherOfTheMigrations(address)).isEmpty();
        }
    }

    @Test
    void signsInToMySql_thatHasForgottenThePassword() throws Exception {
        try (Databases.Fresh database = Databases.MYSQL.fresh()) {
            DatabaseAddress address = DatabaseAddress.parse(database.url());
            try (java.sql.Connection connection =
                            DriverManager.getConnection(address.forMigrations(), address.user(), address.password());
                    Statement statement = connection.createStatement()) {
                statement.execute("FLUSH PRIVILEGES"); // as a start of the server does
            }

            assertThat(cipherOfThePool(address)).isEmpty();
        }
    }

    /** Answered in the second column. */
    private static String question(DatabaseAddress address) {
        return address.kind() == DatabaseAddress.Kind.MYSQL
                ? "SHOW SESSION STATUS LIKE 'Ssl_cipher'"
                : "SELECT 'cipher', coalesce(cipher, '') FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    }

    private static String cipherOfThePool(DatabaseAddress address) {
        return Mono.usingWhen(
                        address.forPool().create(),
                        connection -> Mono.from(connection
                                        .createStatement(question(address))
                                        .execute())
                                .flatMap(result -> Mono.from(result.map((row, metadata) -> row.get(1, String.class)))),
                        Connection::close)
                .blockOptional(Duration.ofSeconds(10))
                .orElseThrow();
    }

    private static String cipherOfTheMigrations(DatabaseAddress address) throws SQLException {
        try (java.sql.Connection connection =
                        DriverManager.getConnection(address.forMigrations(), address.user(), address.password());
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(question(address))) {
            row.next();
            return row.getString(2);
        }
    }
}
