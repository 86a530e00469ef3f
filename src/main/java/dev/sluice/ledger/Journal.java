package dev.sluice.ledger;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The entries that are not booked yet, on disk, so that {@code kill -9} loses none of them. A file of fixed size is
 * mapped into memory and written front to back; a record is its length, its CRC32C and the entry, and a length of zero
 * is the end. Writing is a copy into the page cache, which outlives the process: no system call, a microsecond or so. A
 * file goes when all its entries are booked. Thread-safe.
 */
final class Journal {
    private static final Logger log = LoggerFactory.getLogger(Journal.class);

    /** Some 15,000 entries. */
    private static final int FILE_BYTES = 4 * 1024 * 1024;

    private static final int HEAD_BYTES = 8;
    private static final String ENDING = ".journal";

    private final Path folder;
    private long nextNumber;
    private @Nullable Segment current;
    private @Nullable Segment spare;
    private final List<Segment> full = new ArrayList<>();

    Journal(Path dataDirectory) {
        this.folder = dataDirectory.resolve("journal");
    }

    /** One file, and how many of its entries are not booked yet. */
    static final class Segment {
        private final Path file;
        private final MappedByteBuffer bytes;
        private int pending;

        private Segment(Path file, MappedByteBuffer bytes) {
            this.file = file;
            this.bytes = bytes;
        }
    }

    /** What a run before this one left behind, oldest first. Damage is reported, and what is behind it in its file put aside. */
    synchronized List<Entry> open() throws IOException {
        Files.createDirectories(folder);
        List<Entry> entries = new ArrayList<>();
        for (Path file : files()) {
            String name = file.getFileName().toString();
            nextNumber = Math.max(nextNumber, Long.parseLong(name.substring(0, name.length() - ENDING.length())) + 1);
            read(file, entries);
        }
        return entries;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> file.getFileName().toString().matches("[0-9]{10}\\" + ENDING))
                    .sorted()
                    .toList();
        }
    }

    private static void read(Path file, List<Entry> entries) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        while (bytes.remaining() >= HEAD_BYTES) {
            int at = bytes.position();
            int length = bytes.getInt();
            int sum = bytes.getInt();
            if (length == 0) {
                return;
            }
            byte[] record = new byte[Math.clamp(length, 0, bytes.remaining())];
            bytes.get(record);
            if (record.length != length || checksum(record) != sum) {
                damaged(file, at, entries.size());
                return;
            }
            try {
                entries.add(EntryBytes.read(record));
            } catch (IOException e) {
                damaged(file, at, entries.size());
                return;
            }
        }
    }

    /** A record that was being written when the machine itself stopped, or a disk that lies. */
    private static void damaged(Path file, int at, int good) throws IOException {
        Path aside = file.resolveSibling(file.getFileName() + ".damaged");
        Files.copy(file, aside, StandardCopyOption.REPLACE_EXISTING);
        log.error(
                "The journal {} is damaged at byte {}: {} entries before it are booked, what follows is kept in {}",
                file.getFileName(),
                at,
                good,
                aside.getFileName());
    }

    /** What {@link #open} gave is booked now: the files go, and writing can begin. */
    synchronized void begin() throws IOException {
        for (Path file : files()) {
            Files.delete(file);
        }
        current = create();
        spare = create();
    }

    /** Takes an entry; null when the disk has no room, which {@link #prepare} keeps trying to mend. */
    synchronized @Nullable Segment append(Entry entry) {
        byte[] record = EntryBytes.of(entry);
        Segment segment = current;
        if (segment == null || segment.bytes.remaining() < record.length + 2 * HEAD_BYTES) {
            if (segment != null) {
                full.add(segment);
            }
            segment = spare;
            current = segment;
            spare = null;
        }
        if (segment == null) {
            return null;
        }
        // The length goes last: a record whose writing was cut short is no record.
        int at = segment.bytes.position();
        segment.bytes.putInt(at + 4, checksum(record));
        segment.bytes.put(at + HEAD_BYTES, record);
        segment.bytes.putInt(at, record.length);
        segment.bytes.position(at + HEAD_BYTES + record.length);
        segment.pending++;
        return segment;
    }

    /** Whether there is room for further entries. */
    synchronized boolean available() {
        return current != null && (spare != null || current.bytes.remaining() > FILE_BYTES / 2);
    }

    /** Makes the next file ready and lets go of those that are booked, away from the callers' threads. */
    synchronized void prepare() {
        full.removeIf(Journal::discardedWhenBooked);
        try {
            if (spare == null) {
                spare = create();
            }
            if (current == null) {
                current = spare;
                spare = create();
            }
        } catch (IOException e) {
            log.error("The journal cannot grow, new calls are refused: {}", e.toString());
        }
    }

    synchronized void booked(Segment segment) {
        segment.pending--;
    }

    private static boolean discardedWhenBooked(Segment segment) {
        if (segment.pending > 0) {
            return false;
        }
        try {
            Files.deleteIfExists(segment.file);
        } catch (IOException e) {
            log.warn("A journal file that is booked cannot be deleted: {}", e.toString());
        }
        return true;
    }

    /** The file is filled with zeros at once: a full disk shows here, and not as a fault of memory in a call. */
    private Segment create() throws IOException {
        Path file = folder.resolve(String.format("%010d%s", nextNumber++, ENDING));
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer zeros = ByteBuffer.allocate(FILE_BYTES);
            while (zeros.hasRemaining()) {
                channel.write(zeros);
            }
            return new Segment(file, channel.map(FileChannel.MapMode.READ_WRITE, 0, FILE_BYTES));
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    /** Everything is booked: nothing is left for the next start. */
    synchronized void end() {
        if (current != null) {
            full.add(current);
        }
        if (spare != null) {
            full.add(spare);
        }
        full.removeIf(Journal::discardedWhenBooked);
        current = null;
        spare = null;
    }

    private static int checksum(byte[] record) {
        CRC32C sum = new CRC32C();
        sum.update(record);
        return (int) sum.getValue();
    }
}
