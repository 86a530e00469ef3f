package dev.sluice.ledger;

import dev.sluice.database.DataDirectory;
import dev.sluice.database.Database;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Component;

/**
 * The account book. An entry is taken at once and booked soon after, together with those that came meanwhile: rows,
 * counters and daily sums in one transaction. While the database is away the entries wait.
 */
@Component
public final class Ledger implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(Ledger.class);

    /** Some 50 MB of entries: a quarter of an hour without a database at 200 calls a second. */
    private static final int MOST_WAITING = 200_000;

    private static final int BATCH = 512;

    /**
     * A lone entry is booked at once; under load the next batch gathers for so long. Without it a fast database sees a
     * transaction a call: 4.6 wake-ups of threads and 0.6 writes of pages a call were counted.
     */
    private static final Duration GATHERING = Duration.ofMillis(25);

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long LONGEST_PAUSE_MS = 5_000;

    private final LinkedBlockingQueue<Entry> waiting = new LinkedBlockingQueue<>();
    private final Database database;
    private final BookingTable table;
    private final Thread booking = new Thread(this::book, "ledger");
    private volatile boolean running;
    private volatile boolean ending;

    Ledger(Database database, DataDirectory directory, MeterRegistry meters) {
        this.database = database;
        this.table = new BookingTable(database, directory.node());
        Gauge.builder("sluice.ledger.waiting.rows", waiting, LinkedBlockingQueue::size)
                .description("Finished calls that are not in the database yet")
                .register(meters);
    }

    /** Takes an entry; never waits. */
    public void append(Entry entry) {
        waiting.add(entry);
    }

    /** Whether so many entries wait that no further call may start: a row is never lost. */
    public boolean full() {
        return waiting.size() >= MOST_WAITING;
    }

    /** The whole life of the thread "ledger": it may wait for the database, nothing else runs on it. */
    private void book() {
        List<Entry> batch = new ArrayList<>(BATCH);
        long pause = 100;
        while (!(ending && batch.isEmpty() && waiting.isEmpty())) {
            try {
                if (batch.isEmpty() && !take(batch)) {
                    continue;
                }
                long begun = System.nanoTime();
                boolean full = batch.size() == BATCH;
                write(batch);
                batch.clear();
                pause = 100;
                long left = GATHERING.toNanos() - (System.nanoTime() - begun);
                if (left > 0 && !full && !ending) {
                    TimeUnit.NANOSECONDS.sleep(left);
                }
            } catch (InterruptedException e) {
                break;
            } catch (RuntimeException e) {
                log.warn(
                        "{} calls wait to be booked, the database said: {}",
                        batch.size() + waiting.size(),
                        e.toString());
                if (!rest(pause)) {
                    break;
                }
                pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
            }
        }
        if (!batch.isEmpty() || !waiting.isEmpty()) {
            log.error("{} calls could not be booked before the end", batch.size() + waiting.size());
        }
    }

    private boolean take(List<Entry> batch) throws InterruptedException {
        Entry first = waiting.poll(200, TimeUnit.MILLISECONDS);
        if (first == null) {
            return false;
        }
        batch.add(first);
        waiting.drainTo(batch, BATCH - 1);
        return true;
    }

    private void write(List<Entry> batch) {
        try {
            database.inTransaction(client -> table.book(client, batch)).block(PATIENCE);
        } catch (DataIntegrityViolationException e) {
            if (batch.size() == 1) {
                log.error("A call cannot be booked, the database refuses it: {} ({})", batch.getFirst(), e.toString());
                return;
            }
            for (Entry entry : batch) {
                write(List.of(entry));
            }
        }
    }

    private static boolean rest(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    @Override
    public void start() {
        booking.setDaemon(true);
        booking.start();
        running = true;
    }

    /** Books what waits, within the time a shutdown has. */
    @Override
    public void stop() {
        ending = true;
        running = false;
        try {
            booking.join(PATIENCE);
            booking.interrupt();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Starts before the quota and stops after it. */
    @Override
    public int getPhase() {
        return 10;
    }
}
