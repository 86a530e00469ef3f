package dev.sluice.ledger;

import dev.sluice.wire.Usage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** An entry as bytes, for the journal. The first byte is the version of the form; a reader knows all versions up to its own. */
final class EntryBytes {
    private static final int VERSION = 1;
    private static final int TYPICAL = 320;

    private EntryBytes() {}

    static byte[] of(Entry entry) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(TYPICAL);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeUTF(entry.id());
            out.writeLong(entry.startedAt());
            out.writeUTF(entry.endpoint());
            out.writeUTF(entry.model());
            text(out, entry.upstreamModel());
            out.writeBoolean(entry.stream());
            out.writeLong(entry.userId());
            out.writeLong(entry.tokenId());
            number(out, entry.channelId());
            out.writeInt(entry.status());
            text(out, entry.errorCode());
            out.writeLong(entry.usage().prompt());
            out.writeLong(entry.usage().cached());
            out.writeLong(entry.usage().cacheWrite());
            out.writeLong(entry.usage().completion());
            out.writeLong(entry.usage().reasoning());
            out.writeBoolean(entry.usage().estimated());
            out.writeLong(entry.costNanos());
            text(out, entry.price());
            out.writeLong(entry.durationMs());
            number(out, entry.ttftMs());
            out.writeInt(entry.attempts());
            out.writeUTF(entry.clientIp());
            out.writeBoolean(entry.leasedFromToken());
            out.writeBoolean(entry.leasedFromUser());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail so
        }
        return bytes.toByteArray();
    }

    /** @throws IOException when the bytes are no entry of a known version */
    static Entry read(byte[] bytes) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            int version = in.readByte();
            if (version != VERSION) {
                throw new IOException("an entry of version " + version + " (known: " + VERSION + ")");
            }
            return new Entry(
                    in.readUTF(),
                    in.readLong(),
                    in.readUTF(),
                    in.readUTF(),
                    text(in),
                    in.readBoolean(),
                    in.readLong(),
                    in.readLong(),
                    number(in),
                    in.readInt(),
                    text(in),
                    new Usage(
                            in.readLong(),
                            in.readLong(),
                            in.readLong(),
                            in.readLong(),
                            in.readLong(),
                            in.readBoolean()),
                    in.readLong(),
                    text(in),
                    in.readLong(),
                    number(in),
                    in.readInt(),
                    in.readUTF(),
                    in.readBoolean(),
                    in.readBoolean());
        }
    }

    private static void text(DataOutputStream out, @Nullable String text) throws IOException {
        out.writeBoolean(text != null);
        if (text != null) {
            out.writeUTF(text);
        }
    }

    private static @Nullable String text(DataInputStream in) throws IOException {
        return in.readBoolean() ? in.readUTF() : null;
    }

    private static void number(DataOutputStream out, @Nullable Long number) throws IOException {
        out.writeBoolean(number != null);
        if (number != null) {
            out.writeLong(number);
        }
    }

    private static @Nullable Long number(DataInputStream in) throws IOException {
        return in.readBoolean() ? in.readLong() : null;
    }
}
