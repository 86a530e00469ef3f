package dev.sluice.ledger;

import dev.sluice.database.DataDirectory;
import dev.sluice.database.Database;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Component;
import org.springframework.util.unit.DataSize;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The account book. An entry is taken at once and booked soon after, together with those that came meanwhile: rows,
 * counters and daily sums in one transaction. While the database is away the entries wait in the journal.
 */
@Component
public final class Ledger implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(Ledger.class);

    private static final int BATCH = 512;

    /**
     * After a batch the next one gathers, the longer the busier it is: a lone entry is booked at once. Without it a fast
     * database sees a transaction a call, and its cost is mostly that of the transaction (RATIONALE.md).
     */
    private static final Duration GATHERING = Duration.ofMillis(100);

    private static final int BUSY = 20;

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration READERS_PATIENCE = Duration.ofSeconds(1);
    private static final long LONGEST_PAUSE_MS = 5_000;

    private final Journal journal;
    private final Database database;
    private final BookingTable table;
    private final RecentCalls recent;
    private final Thread booking = new Thread(this::book, "ledger");

    /** Of calls that were running when the disk had no more room: few, since no new ones are let in then. */
    private final Queue<Entry> unkept = new ConcurrentLinkedQueue<>();

    private final Queue<Reader> readers = new ConcurrentLinkedQueue<>();
    private volatile boolean resting;
    private volatile boolean reachable = true;
    private volatile boolean running;
    private volatile boolean ending;
    private boolean doubtful; // a batch failed, and may be in the books for all that

    Ledger(
            Database database,
            RecentCalls recent,
            DataDirectory directory,
            MeterRegistry meters,
            @Value("${sluice.journal-limit}") DataSize journalLimit) {
        this.database = database;
        this.recent = recent;
        this.table = new BookingTable(database, directory.node());
        this.journal = new Journal(directory.path(), journalLimit.toBytes());
        Gauge.builder("sluice.ledger.waiting.rows", this, Ledger::waiting)
                .description("Finished calls that are not in the database yet")
                .register(meters);
        Gauge.builder("sluice.ledger.database.reachable", this, ledger -> ledger.reachable ? 1 : 0)
                .description("1: the last batch of calls could be booked; 0: the journal takes over")
                .register(meters);
    }

    /** Somebody who wants to read what was written up to some entry. */
    private record Reader(long written, Sinks.Empty<Void> told) {}

    /** Takes an entry; never waits. From here on it survives the process. */
    public void append(Entry entry) {
        if (!journal.append(entry)) {
            unkept.add(entry);
        }
        if (resting) {
            wake();
        }
    }

    private void wake() {
        resting = false;
        LockSupport.unpark(booking);
    }

    /** Whether no further call may start, since its row might find no place: none is ever lost. */
    public boolean full() {
        return !journal.available();
    }

    long waiting() {
        return journal.written() - journal.inTheBooks() + unkept.size();
    }

    /** Completes when all that was appended up to now is in the books, or after a second: whoever reads them finds it. */
    public Mono<Void> caughtUp() {
        return Mono.defer(() -> {
            long written = journal.written();
            if (journal.inTheBooks() >= written) {
                return Mono.empty();
            }
            Reader reader = new Reader(written, Sinks.empty());
            readers.add(reader);
            wake();
            return reader.told
                    .asMono()
                    .timeout(READERS_PATIENCE)
                    .onErrorComplete()
                    .doFinally(signal -> readers.remove(reader));
        });
    }

    /** The whole life of the thread "ledger": it may wait for the database, nothing else runs on it. */
    private void book() {
        List<Entry> batch = new ArrayList<>(BATCH);
        long pause = 100;
        while (!(ending && batch.isEmpty() && waiting() == 0)) {
            try {
                journal.prepare();
                if (batch.isEmpty() && !take(batch)) {
                    idle();
                    continue;
                }
                int rows = batch.size();
                write(batch);
                reachable = true;
                doubtful = false;
                batch.clear();
                journal.booked();
                tellReaders();
                pause = 100;
                gather(rows);
            } catch (RuntimeException e) {
                reachable = false;
                doubtful = true;
                log.warn("{} calls wait to be booked, the database said: {}", waiting(), e.toString());
                journal.sync(); // they may wait for long, and a machine may stop as well as a process
                if (Thread.interrupted()) {
                    break;
                }
                LockSupport.parkNanos(Duration.ofMillis(pause).toNanos());
                pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
            }
            if (Thread.interrupted()) {
                break;
            }
        }
        if (waiting() > 0) {
            log.error("{} calls could not be booked before the end, the next start books them", waiting());
        }
    }

    private boolean take(List<Entry> batch) {
        batch.addAll(journal.take(BATCH));
        while (batch.size() < BATCH) {
            Entry entry = unkept.poll();
            if (entry == null) {
                break;
            }
            batch.add(entry);
        }
        return !batch.isEmpty();
    }

    /** Nothing is there: the next entry ends the rest. */
    private void idle() {
        resting = true;
        if (waiting() == 0 && !ending) {
            LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
        }
        resting = false;
    }

    /** Only a reader and the end cut this short. */
    private void gather(int rows) {
        if (rows < BATCH && !ending && readers.isEmpty()) {
            LockSupport.parkNanos(GATHERING.toNanos() * Math.min(rows, BUSY) / BUSY);
        }
    }

    private void tellReaders() {
        long done = journal.inTheBooks();
        readers.removeIf(reader -> reader.written <= done && reader.told.tryEmitEmpty() != null);
    }

    private void write(List<Entry> batch) {
        try {
            database.inTransaction(client -> doubtful ? table.bookMissing(client, batch) : table.book(client, batch))
                    .block(PATIENCE);
            recent.booked(batch);
        } catch (DataIntegrityViolationException e) {
            if (!doubtful) {
                doubtful = true; // some are there already
                write(batch);
                return;
            }
            if (batch.size() == 1) {
                log.error("A call cannot be booked, the database refuses it: {} ({})", batch.getFirst(), e.toString());
                return;
            }
            for (Entry entry : batch) {
                write(List.of(entry));
            }
        }
    }

    @Override
    public void start() {
        replay();
        booking.setDaemon(true);
        booking.start();
        running = true;
    }

    /** Books what a run before this one left in the journal; what is booked already is not booked again. */
    private void replay() {
        try {
            doubtful = true;
            int found = journal.begin(BATCH, this::write);
            if (found > 0) {
                log.warn("{} calls of the journal are in the books now; the last run did not end well", found);
            }
            doubtful = false;
        } catch (IOException e) {
            throw new IllegalArgumentException("SLUICE_DATA_DIR: the journal cannot be used: " + e.getMessage(), e);
        }
    }

    /** Books what waits, within the time a shutdown has. */
    @Override
    public void stop() {
        ending = true;
        running = false;
        wake();
        try {
            booking.join(PATIENCE);
            booking.interrupt();
            booking.join(Duration.ofSeconds(5));
            journal.prepare();
            unkept.removeIf(journal::append); // the disk may have room by now
            journal.end();
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
