package dev.sluice.ledger;

import dev.sluice.database.DataDirectory;
import dev.sluice.database.Database;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.springframework.util.unit.DataSize;

/** Ledgers for tests of other rooms, which play several nodes in one process. */
public final class Ledgers {
    private Ledgers() {}

    public static Ledger started(Database database, DataDirectory directory) {
        Ledger ledger = new Ledger(
                database, new RecentCalls(database), directory, new SimpleMeterRegistry(), DataSize.ofMegabytes(64));
        ledger.start();
        return ledger;
    }
}
