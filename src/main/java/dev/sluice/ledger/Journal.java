package dev.sluice.ledger;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The entries that are not booked yet, on disk, so that {@code kill -9} loses none of them and a database that is away
 * for hours costs no memory. A file of fixed size is mapped and written front to back; a record is its length, its
 * CRC32C and the entry, and a length of zero is the end. Writing is a copy into the page cache, which outlives the
 * process: no system call, a microsecond or so. One thread reads behind the writers; a file goes when all of it is
 * booked. Thread-safe.
 */
final class Journal {
    private static final Logger log = LoggerFactory.getLogger(Journal.class);

    /** Some 15,000 entries. */
    static final int FILE_BYTES = 4 * 1024 * 1024;

    private static final int HEAD_BYTES = 8;
    private static final String ENDING = ".journal";

    private final Path folder;
    private final int mostFiles;
    private final ByteBuffer scratch = ByteBuffer.allocate(EntryBytes.MOST);
    private final CRC32C sum = new CRC32C();

    /** Oldest first; entries are written to the last one. */
    private final Deque<Segment> segments = new ArrayDeque<>();

    private long nextNumber;
    private @Nullable Segment spare;
    private boolean stuck;
    private long written; // entries since this journal was begun
    private long taken;
    private long booked;
    private boolean unsynced;

    /** @param mostBytes how large all files may become together */
    Journal(Path dataDirectory, long mostBytes) {
        this.folder = dataDirectory.resolve("journal");
        this.mostFiles = (int) Math.clamp(mostBytes / FILE_BYTES, 2, Integer.MAX_VALUE);
    }

    /** One file: what is before {@code read} was taken, what is before {@code end} was written. */
    private static final class Segment {
        private final Path file;
        private final MappedByteBuffer bytes;
        private int read;
        private int end;

        private Segment(Path file, MappedByteBuffer bytes) {
            this.file = file;
            this.bytes = bytes;
        }
    }

    /** What books the entries that a run before this one left behind. */
    interface Booking {
        void book(List<Entry> entries);
    }

    /**
     * Hands over what a run before this one left behind, oldest first, some at a time; after that its files go, and
     * writing can begin. Damage is reported, and kept aside.
     *
     * @return how many entries there were
     */
    synchronized int begin(int atATime, Booking booking) throws IOException {
        Files.createDirectories(folder);
        int found = 0;
        for (Path file : files()) {
            String name = file.getFileName().toString();
            nextNumber = Math.max(nextNumber, Long.parseLong(name.substring(0, name.length() - ENDING.length())) + 1);
            List<Entry> entries = new Reading(file).entries();
            for (int at = 0; at < entries.size(); at += atATime) {
                booking.book(entries.subList(at, Math.min(entries.size(), at + atATime)));
            }
            found += entries.size();
        }
        for (Path file : files()) {
            Files.delete(file);
        }
        segments.add(create());
        spare = create();
        return found;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> file.getFileName().toString().matches("[0-9]{10}\\" + ENDING))
                    .sorted()
                    .toList();
        }
    }

    /** A file of an earlier run, whose records may have been cut short or changed by a bad disk. */
    private static final class Reading {
        private final Path file;
        private final ByteBuffer bytes;
        private final List<Entry> entries = new ArrayList<>();
        private int damaged;

        Reading(Path file) throws IOException {
            this.file = file;
            this.bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        }

        List<Entry> entries() throws IOException {
            int at = 0;
            while (at + HEAD_BYTES <= bytes.limit()) {
                int length = bytes.getInt(at);
                if (length == 0) {
                    break;
                }
                Entry entry = record(bytes, at, length);
                if (entry != null) {
                    entries.add(entry);
                } else {
                    damaged++;
                    if (!goesOnBehind(at, length)) {
                        break;
                    }
                }
                at += HEAD_BYTES + length;
            }
            if (damaged > 0) {
                putAside();
            }
            return entries;
        }

        /** A flipped bit in a record leaves its length as it was: then what is behind it is whole. */
        private boolean goesOnBehind(int at, int length) {
            long next = (long) at + HEAD_BYTES + length;
            if (length < 0 || next + HEAD_BYTES > bytes.limit()) {
                return false;
            }
            int behind = bytes.getInt((int) next);
            return behind == 0 || record(bytes, (int) next, behind) != null;
        }

        private void putAside() throws IOException {
            Path aside = file.resolveSibling(file.getFileName() + ".damaged");
            Files.copy(file, aside, StandardCopyOption.REPLACE_EXISTING);
            log.error(
                    "The journal {} holds {} damaged record(s), which cannot be booked: the {} whole ones are, and the"
                            + " file is kept as {}",
                    file.getFileName(),
                    damaged,
                    entries.size(),
                    aside.getFileName());
        }
    }

    /** The entry of a record, or null when it is not whole. */
    private static @Nullable Entry record(ByteBuffer bytes, int at, int length) {
        if (length <= 0 || length > EntryBytes.MOST || at + HEAD_BYTES + length > bytes.limit()) {
            return null;
        }
        ByteBuffer record = bytes.slice(at + HEAD_BYTES, length);
        CRC32C sum = new CRC32C();
        sum.update(record.duplicate());
        if ((int) sum.getValue() != bytes.getInt(at + 4)) {
            return null;
        }
        try {
            return EntryBytes.read(record);
        } catch (IOException e) {
            return null;
        }
    }

    /** Takes an entry; false when the disk has no room, which {@link #prepare} keeps trying to mend. */
    synchronized boolean append(Entry entry) {
        scratch.clear();
        EntryBytes.write(entry, scratch);
        int length = scratch.position();
        Segment segment = segments.peekLast();
        if (segment == null || segment.end + length + 2 * HEAD_BYTES > FILE_BYTES) {
            segment = spare;
            if (segment == null) {
                return false;
            }
            segments.addLast(segment);
            spare = null;
        }
        sum.reset();
        sum.update(scratch.array(), 0, length);
        // The length goes last: a record whose writing was cut short is no record.
        segment.bytes.putInt(segment.end + 4, (int) sum.getValue());
        segment.bytes.put(segment.end + HEAD_BYTES, scratch.array(), 0, length);
        segment.bytes.putInt(segment.end, length);
        segment.end += HEAD_BYTES + length;
        written++;
        unsynced = true;
        return true;
    }

    /** The oldest entries that were not taken yet, at most so many; they stay here until they are {@link #booked}. */
    synchronized List<Entry> take(int most) {
        List<Entry> entries = new ArrayList<>();
        for (Segment segment : segments) {
            while (segment.read < segment.end && entries.size() < most) {
                int length = segment.bytes.getInt(segment.read);
                Entry entry = record(segment.bytes, segment.read, length);
                if (entry == null) {
                    throw new IllegalStateException("the journal does not hold what was written to it");
                }
                entries.add(entry);
                segment.read += HEAD_BYTES + length;
            }
        }
        taken += entries.size();
        return entries;
    }

    /** All that was taken is in the books now. */
    synchronized void booked() {
        booked = taken;
        while (segments.size() > 1 && segments.getFirst().read == segments.getFirst().end) {
            delete(segments.removeFirst());
        }
    }

    /** Entries taken in, ever since this run began. */
    synchronized long written() {
        return written;
    }

    /** Of those, how many are in the books. */
    synchronized long inTheBooks() {
        return booked;
    }

    /** Whether there is room for further entries. */
    synchronized boolean available() {
        Segment last = segments.peekLast();
        return last != null && (spare != null || last.end < FILE_BYTES / 2);
    }

    /** Makes the next file ready, away from the callers' threads. */
    synchronized void prepare() {
        if (spare != null) {
            return;
        }
        if (segments.size() >= mostFiles) {
            stuck("it has reached its limit (SLUICE_JOURNAL_LIMIT)");
            return;
        }
        try {
            spare = create();
            if (stuck) {
                stuck = false;
                log.warn("The journal has room again, new calls are taken");
            }
        } catch (IOException e) {
            stuck(e.toString());
        }
    }

    private void stuck(String why) {
        if (!stuck) {
            stuck = true;
            log.error("The journal cannot grow, new calls will be refused once its last file is half full: {}", why);
        }
    }

    /** Brings to the disk itself what only the page cache holds. Slow: milliseconds, or more. */
    void sync() {
        List<Segment> all;
        synchronized (this) {
            if (!unsynced) {
                return;
            }
            unsynced = false;
            all = List.copyOf(segments);
        }
        for (Segment segment : all) {
            segment.bytes.force();
        }
    }

    private static void delete(Segment segment) {
        try {
            Files.deleteIfExists(segment.file);
        } catch (IOException e) {
            log.warn("A journal file that is booked cannot be deleted: {}", e.toString());
        }
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

    /** Nothing is written any more; what is booked wholly leaves no file for the next start. */
    synchronized void end() {
        if (booked == written) {
            segments.forEach(Journal::delete);
        }
        segments.clear();
        if (spare != null) {
            delete(spare);
            spare = null;
        }
    }
}
