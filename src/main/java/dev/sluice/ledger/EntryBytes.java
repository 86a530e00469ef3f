package dev.sluice.ledger;

import dev.sluice.wire.Usage;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** An entry as bytes, for the journal. The first byte is the version of the form; a reader knows all versions up to its own. */
final class EntryBytes {
    /** No entry is larger: it has eight texts of at most 400 characters, three bytes each at most. */
    static final int MOST = 16 * 1024;

    private static final byte VERSION = 2;

    /** Entries of this version know nothing of failed attempts. */
    private static final byte FIRST_VERSION = 1;

    private static final int LONGEST_TEXT = 400;

    private EntryBytes() {}

    /** Leaves the entry between the buffer's start and its position. */
    static void write(Entry entry, ByteBuffer out) {
        out.put(VERSION);
        text(out, entry.id());
        out.putLong(entry.startedAt());
        text(out, entry.endpoint());
        text(out, entry.model());
        text(out, entry.upstreamModel());
        flag(out, entry.stream());
        out.putLong(entry.userId());
        out.putLong(entry.tokenId());
        number(out, entry.channelId());
        out.putInt(entry.status());
        text(out, entry.errorCode());
        out.putLong(entry.usage().prompt());
        out.putLong(entry.usage().cached());
        out.putLong(entry.usage().cacheWrite());
        out.putLong(entry.usage().completion());
        out.putLong(entry.usage().reasoning());
        flag(out, entry.usage().estimated());
        out.putLong(entry.costNanos());
        text(out, entry.price());
        out.putLong(entry.durationMs());
        number(out, entry.ttftMs());
        out.putInt(entry.attempts());
        text(out, entry.failedAttempts());
        text(out, entry.clientIp());
        out.putLong(entry.leaseEpoch());
        flag(out, entry.leasedFromToken());
        flag(out, entry.leasedFromUser());
    }

    /** @throws IOException when the bytes are no entry of a known version */
    static Entry read(ByteBuffer in) throws IOException {
        byte version = in.get();
        if (version < FIRST_VERSION || version > VERSION) {
            throw new IOException("an entry of version " + version + " (known: up to " + VERSION + ")");
        }
        try {
            return new Entry(
                    given(in),
                    in.getLong(),
                    given(in),
                    given(in),
                    text(in),
                    flag(in),
                    in.getLong(),
                    in.getLong(),
                    number(in),
                    in.getInt(),
                    text(in),
                    new Usage(in.getLong(), in.getLong(), in.getLong(), in.getLong(), in.getLong(), flag(in)),
                    in.getLong(),
                    text(in),
                    in.getLong(),
                    number(in),
                    in.getInt(),
                    version == FIRST_VERSION ? null : text(in),
                    given(in),
                    in.getLong(),
                    flag(in),
                    flag(in));
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw new IOException("an entry that ends too early", e);
        }
    }

    /** Its length in bytes and UTF-8; -1 is none. Nearly all texts are ASCII, and those are copied byte by byte. */
    private static void text(ByteBuffer out, @Nullable String text) {
        if (text == null) {
            out.putShort((short) -1);
            return;
        }
        int length = Math.min(text.length(), LONGEST_TEXT);
        int at = out.position();
        out.position(at + Short.BYTES);
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                out.position(at + Short.BYTES);
                out.put(text.substring(0, length).getBytes(StandardCharsets.UTF_8));
                break;
            }
            out.put((byte) c);
        }
        out.putShort(at, (short) (out.position() - at - Short.BYTES));
    }

    private static @Nullable String text(ByteBuffer in) {
        int length = in.getShort();
        if (length < 0) {
            return null;
        }
        byte[] bytes = new byte[Math.min(length, in.remaining())];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static String given(ByteBuffer in) throws IOException {
        String text = text(in);
        if (text == null) {
            throw new IOException("an entry that lacks a text");
        }
        return text;
    }

    private static void flag(ByteBuffer out, boolean flag) {
        out.put((byte) (flag ? 1 : 0));
    }

    private static boolean flag(ByteBuffer in) {
        return in.get() != 0;
    }

    private static void number(ByteBuffer out, @Nullable Long number) {
        flag(out, number != null);
        if (number != null) {
            out.putLong(number);
        }
    }

    private static @Nullable Long number(ByteBuffer in) {
        return flag(in) ? in.getLong() : null;
    }
}
