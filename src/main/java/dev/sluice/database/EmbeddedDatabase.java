package dev.sluice.database;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The H2 file of this process, where there is one: it stays open while no connection is, and is closed in order when the
 * program ends, so that the next may open it.
 */
final class EmbeddedDatabase implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedDatabase.class);

    private final DatabaseAddress address;

    EmbeddedDatabase(DatabaseAddress address) {
        this.address = address;
    }

    @Override
    public void close() {
        if (!address.isEmbedded()) {
            return;
        }
        try (Connection connection =
                        DriverManager.getConnection(address.forMigrations(), address.user(), address.password());
                Statement statement = connection.createStatement()) {
            statement.execute("SHUTDOWN");
        } catch (SQLException e) {
            log.warn("The embedded database did not close in order: {}", e.toString());
        }
    }
}
