package dev.sluice.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Usage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
    @TempDir
    private Path data;

    static Entry entry(long token, int number) {
        Entry one = entry(number);
        return new Entry(
                dev.sluice.wire.CallId.next(System.currentTimeMillis()),
                System.currentTimeMillis(),
                one.endpoint(),
                "m",
                one.upstreamModel(),
                false,
                1,
                token,
                null,
                200,
                null,
                one.usage(),
                0,
                null,
                1,
                null,
                1,
                null,
                "192.0.2.1",
                0,
                false,
                false);
    }

    private static Entry entry(int number) {
        return new Entry(
                String.format("%026d", number),
                number,
                "chat/completions",
                "modèle-你",
                number % 2 == 0 ? null : "upstream",
                true,
                1,
                2,
                number % 2 == 0 ? null : 3L,
                200,
                number % 3 == 0 ? "caller_left" : null,
                new Usage(10, 2, 1, 5, 4, true),
                123_456_789,
                "gpt in=1",
                99,
                number % 2 == 0 ? null : 7L,
                2,
                number % 2 == 0 ? null : "3:timeout",
                "2001:db8::1",
                number,
                true,
                false);
    }

    private static final long ROOMY = 1L << 30;

    private Journal begun() throws IOException {
        Journal journal = new Journal(data, ROOMY);
        assertThat(journal.begin(10, found -> {
                    throw new AssertionError(found);
                }))
                .isZero();
        return journal;
    }

    private List<Entry> left() throws IOException {
        List<Entry> all = new ArrayList<>();
        assertThat(new Journal(data, ROOMY).begin(100, all::addAll)).isEqualTo(all.size());
        return all;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(data.resolve("journal"))) {
            return files.sorted().toList();
        }
    }

    private static int length(Entry entry) {
        ByteBuffer bytes = ByteBuffer.allocate(EntryBytes.MOST);
        EntryBytes.write(entry, bytes);
        return 8 + bytes.position();
    }

    private static List<Entry> fill(Journal journal, int many) {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            assertThat(journal.append(entry(i))).isTrue();
            entries.add(entry(i));
            journal.prepare();
        }
        return entries;
    }

    @Test
    void givesBackWhatWasNotBooked_afterAnEndWithoutWarning() throws IOException {
        List<Entry> entries = fill(begun(), 40_000);

        assertThat(left()).isEqualTo(entries);
        assertThat(left()).as("once").isEmpty();
    }

    @Test
    void isReadInTheOrderOfWriting_whileItIsWritten() throws IOException {
        Journal journal = begun();
        List<Entry> written = fill(journal, 20_000);
        List<Entry> taken = new ArrayList<>(journal.take(7_000));
        written.addAll(fill(journal, 20_000));
        for (List<Entry> more = journal.take(512); !more.isEmpty(); more = journal.take(512)) {
            taken.addAll(more);
        }

        assertThat(taken).isEqualTo(written);
    }

    @Test
    void letsFilesGo_whenAllOfTheirEntriesAreBooked() throws IOException {
        Journal journal = begun();
        fill(journal, 60_000);
        assertThat(files()).hasSizeGreaterThan(3);

        assertThat(journal.take(100_000)).hasSize(60_000);
        assertThat(files()).as("taken, but not booked").hasSizeGreaterThan(3);
        journal.booked();
        assertThat(files()).hasSize(2);
        journal.end();
        assertThat(files()).isEmpty();
    }

    @Test
    void keepsForTheNextStart_whatWasNotBookedAtTheEnd() throws IOException {
        Journal journal = begun();
        List<Entry> entries = fill(journal, 10);
        journal.take(4);
        journal.booked();
        journal.end();

        assertThat(left())
                .as("those booked are found again, and known by their ids")
                .isEqualTo(entries);
    }

    @Test
    void losesOnlyTheRecordInWhichABitFlipped_andKeepsItsFile() throws IOException {
        fill(begun(), 3);
        flip(length(entry(0)) + 20);

        assertThat(left()).isEqualTo(List.of(entry(0), entry(2)));
        assertThat(files()).anyMatch(each -> each.toString().endsWith(".damaged"));
    }

    @Test
    void stopsAtALengthThatCannotBe_andKeepsTheFile() throws IOException {
        fill(begun(), 3);
        flip(length(entry(0)) + 1);

        assertThat(left()).isEqualTo(List.of(entry(0)));
        assertThat(files()).anyMatch(each -> each.toString().endsWith(".damaged"));
    }

    private void flip(int at) throws IOException {
        Path file = files().getFirst();
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 0x10;
        Files.write(file, bytes);
    }

    @Test
    void ignoresARecordWhoseWritingWasCutShort() throws IOException {
        fill(begun(), 1);
        flip(length(entry(0)) + 12); // bytes of a record, but no length before them

        assertThat(left()).isEqualTo(List.of(entry(0)));
        assertThat(files()).noneMatch(each -> each.toString().endsWith(".damaged"));
    }

    @Test
    void saysThatItIsFull_atItsLimit_andHasRoomAgainWhenItsEntriesAreBooked() throws IOException {
        Journal journal = new Journal(data, 2 * Journal.FILE_BYTES);
        journal.begin(1, found -> {});
        int many = 0;
        while (journal.available()) {
            journal.append(entry(many++));
            journal.prepare();
        }
        assertThat(journal.append(entry(many++)))
                .as("running calls still find room")
                .isTrue();
        while (journal.append(entry(many))) {
            many++;
        }
        assertThat(files()).hasSize(2);

        assertThat(journal.take(100_000)).hasSize(many);
        journal.booked();
        journal.prepare();
        assertThat(journal.available()).isTrue();
        assertThat(journal.append(entry(many))).isTrue();
    }

    @Test
    void saysThatItIsFull_whenTheDiskGivesNoRoom_andGoesOnWhenItDoes() throws IOException {
        Journal journal = begun();
        Path folder = data.resolve("journal");
        Path away = data.resolve("away");
        Files.move(folder, away);
        while (journal.available()) {
            journal.append(entry(1));
            journal.prepare();
        }
        assertThat(journal.available()).isFalse();

        Files.move(away, folder);
        journal.prepare();
        assertThat(journal.available()).isTrue();
    }

    @Test
    void readsAnEntryOfTheFirstVersion() throws IOException {
        Entry entry = entry(2);
        ByteBuffer now = ByteBuffer.allocate(EntryBytes.MOST);
        EntryBytes.write(entry, now);
        now.flip();
        int rest = Short.BYTES + entry.clientIp().length() + Long.BYTES + 2; // what follows the failed attempts
        int noFailedAttempts = now.limit() - rest - Short.BYTES;
        ByteBuffer first = ByteBuffer.allocate(now.limit());
        first.put(now.slice(0, noFailedAttempts)).put(now.slice(now.limit() - rest, rest));
        first.put(0, (byte) 1).flip();

        assertThat(EntryBytes.read(first)).isEqualTo(entry);
        assertThat(first.hasRemaining()).isFalse();
    }

    @Test
    void cutsTextsThatNoColumnHolds() throws IOException {
        Journal journal = begun();
        Entry given = entry(1);
        Entry huge = new Entry(
                given.id(),
                1,
                "chat/completions",
                "你".repeat(5_000),
                "x".repeat(5_000),
                true,
                1,
                2,
                null,
                200,
                "e".repeat(5_000),
                given.usage(),
                1,
                "p".repeat(5_000),
                1,
                null,
                1,
                "f".repeat(5_000),
                "a".repeat(5_000),
                0,
                false,
                false);

        assertThat(journal.append(huge)).isTrue();
        assertThat(journal.take(1).getFirst().model()).isEqualTo("你".repeat(400));
    }
}
