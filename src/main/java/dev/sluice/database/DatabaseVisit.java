package dev.sluice.database;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.springframework.core.env.Environment;
import reactor.core.scheduler.Schedulers;

/**
 * The database as a command uses it that starts no server: it is neither made nor migrated, and the embedded one is
 * opened only when no gateway has it open.
 */
public final class DatabaseVisit {
    /** H2's code for a file that another process has open. */
    private static final int IN_USE = 90020;

    private final DatabaseAddress address;

    private DatabaseVisit(DatabaseAddress address) {
        this.address = address;
    }

    /**
     * @param otherwise what to do besides stopping a gateway that is in the way
     * @throws IllegalArgumentException with one sentence that says why there is nothing to visit
     */
    public static DatabaseVisit of(Environment settings, String otherwise) {
        String url = settings.getProperty("sluice.database-url", "");
        Path directory = Path.of(settings.getProperty("sluice.data-dir", "./data"));
        DatabaseVisit visit =
                new DatabaseVisit(url.isBlank() ? DatabaseAddress.embedded(directory) : DatabaseAddress.parse(url));
        visit.check(directory.toAbsolutePath().normalize().resolve("sluice.mv.db"), otherwise);
        return visit;
    }

    private void check(Path file, String otherwise) {
        if (address.isEmbedded() && Files.notExists(file)) {
            throw new IllegalArgumentException("SLUICE_DATA_DIR: there is no database at " + file);
        }
        try (Connection connection =
                DriverManager.getConnection(address.forMigrations(), address.user(), address.password())) {
            connection.getMetaData();
        } catch (SQLException e) {
            if (e.getErrorCode() == IN_USE) {
                throw new IllegalArgumentException(
                        "SLUICE_DATA_DIR: " + file + " is in use, probably by a running gateway. Stop it first"
                                + otherwise,
                        e);
            }
            throw new IllegalArgumentException(
                    "SLUICE_DATABASE_URL: the database cannot be used: " + e.getMessage(), e);
        }
    }

    public Database database() {
        return new Database(address.forPool(), Schedulers.immediate(), address.kind() != DatabaseAddress.Kind.MYSQL);
    }

    /** Lets go of the embedded database, so that a gateway may open it. */
    public void end() {
        new EmbeddedDatabase(address).close();
    }

    @Override
    public String toString() {
        return address.toString();
    }
}
