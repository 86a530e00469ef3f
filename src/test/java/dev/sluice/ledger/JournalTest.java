package dev.sluice.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Usage;
import java.io.IOException;
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
                1,
                "2001:db8::1",
                true,
                false);
    }

    private Journal begun() throws IOException {
        Journal journal = new Journal(data);
        assertThat(journal.open()).isEmpty();
        journal.begin();
        return journal;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(data.resolve("journal"))) {
            return files.sorted().toList();
        }
    }

    @Test
    void givesBackWhatWasNotBooked_afterAnEndWithoutWarning() throws IOException {
        Journal journal = begun();
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 40_000; i++) {
            assertThat(journal.append(entry(i))).isNotNull();
            entries.add(entry(i));
            journal.prepare();
        }

        assertThat(new Journal(data).open()).isEqualTo(entries);
    }

    @Test
    void letsFilesGo_whenAllOfTheirEntriesAreBooked() throws IOException {
        Journal journal = begun();
        List<Journal.Segment> kept = new ArrayList<>();
        for (int i = 0; i < 60_000; i++) {
            kept.add(journal.append(entry(i)));
            journal.prepare();
        }
        assertThat(files()).hasSizeGreaterThan(2);

        kept.forEach(journal::booked);
        journal.prepare();
        assertThat(files()).hasSize(2);
        journal.end();
        assertThat(files()).isEmpty();
    }

    @Test
    void keepsWhatIsBeforeADamagedRecord_andPutsTheRestAside() throws IOException {
        Journal journal = begun();
        for (int i = 0; i < 3; i++) {
            journal.append(entry(i));
        }
        Path file = files().getFirst();
        byte[] bytes = Files.readAllBytes(file);
        int record = 8 + EntryBytes.of(entry(0)).length;
        bytes[record + 20] ^= 1;
        Files.write(file, bytes);

        Journal next = new Journal(data);
        assertThat(next.open()).isEqualTo(List.of(entry(0)));
        next.begin();
        assertThat(files()).anyMatch(each -> each.toString().endsWith(".damaged"));
    }

    @Test
    void ignoresARecordWhoseWritingWasCutShort() throws IOException {
        Journal journal = begun();
        journal.append(entry(0));
        Path file = files().getFirst();
        byte[] bytes = Files.readAllBytes(file);
        bytes[8 + EntryBytes.of(entry(0)).length + 12] = 7; // bytes of a record, but no length before them
        Files.write(file, bytes);

        assertThat(new Journal(data).open()).isEqualTo(List.of(entry(0)));
        assertThat(files()).noneMatch(each -> each.toString().endsWith(".damaged"));
    }

    @Test
    void saysThatItHasNoRoom_whenTheDiskGivesNone() throws IOException {
        Journal journal = begun();
        assertThat(journal.available()).isTrue();
        journal.end();

        assertThat(journal.available()).isFalse();
        assertThat(journal.append(entry(1))).isNull();
    }
}
