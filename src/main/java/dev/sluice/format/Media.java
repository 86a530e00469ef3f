package dev.sluice.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** What the first bytes of an image or a sound tell: PNG, JPEG, GIF, WebP; WAV, MP3. Nothing is decoded. */
final class Media {
    private static final int MP3_BYTES_PER_SECOND = 128_000 / 8;

    /** Of WAV, up to the first sample. */
    static final int HEAD = 44;

    private Media() {}

    record Size(int width, int height) {}

    /** An image's size in pixels; null: it is none that is known, or its size stands too far behind. */
    static @Nullable Size size(byte[] head) {
        ByteBuffer bytes = ByteBuffer.wrap(head);
        try {
            if (bytes.getInt(0) == 0x89504E47) {
                return sane(bytes.getInt(16), bytes.getInt(20));
            }
            if ((bytes.getShort(0) & 0xFFFF) == 0xFFD8) {
                return jpeg(bytes);
            }
            bytes.order(ByteOrder.LITTLE_ENDIAN);
            if (text(head, 0, "GIF8")) {
                return sane(bytes.getShort(6) & 0xFFFF, bytes.getShort(8) & 0xFFFF);
            }
            return text(head, 0, "RIFF") && text(head, 8, "WEBP") ? webp(head, bytes) : null;
        } catch (IndexOutOfBoundsException e) {
            return null;
        }
    }

    /** Segment by segment to the frame's head (SOF0 to SOF15, without the tables among them). */
    private static @Nullable Size jpeg(ByteBuffer bytes) {
        int at = 2;
        while ((bytes.get(at) & 0xFF) == 0xFF) {
            int kind = bytes.get(at + 1) & 0xFF;
            if (kind >= 0xC0 && kind <= 0xCF && kind != 0xC4 && kind != 0xC8 && kind != 0xCC) {
                return sane(bytes.getShort(at + 7) & 0xFFFF, bytes.getShort(at + 5) & 0xFFFF);
            }
            at += 2 + (bytes.getShort(at + 2) & 0xFFFF);
        }
        return null;
    }

    private static @Nullable Size webp(byte[] head, ByteBuffer bytes) {
        if (text(head, 12, "VP8X")) {
            return sane((bytes.getInt(24) & 0xFFFFFF) + 1, (bytes.getInt(27) & 0xFFFFFF) + 1);
        }
        if (text(head, 12, "VP8L")) {
            int bits = bytes.getInt(21);
            return sane((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1);
        }
        return sane(bytes.getShort(26) & 0x3FFF, bytes.getShort(28) & 0x3FFF);
    }

    private static @Nullable Size sane(int width, int height) {
        return width > 0 && height > 0 && width < 100_000 && height < 100_000 ? new Size(width, height) : null;
    }

    /** How long a sound is, rounded up; -1: it is none that is known. */
    static long seconds(byte[] head, long length) {
        boolean untagged = head.length > 1 && head[0] == (byte) 0xFF && (head[1] & 0xE6) == 0xE2;
        int perSecond = untagged ? MP3_BYTES_PER_SECOND : rate(head);
        return perSecond <= 0 ? -1 : (length + perSecond - 1) / perSecond;
    }

    /** Bytes a second of a sound that says what it is; 0 or less: it does not. */
    static int rate(byte[] head) {
        if (head.length >= HEAD && text(head, 0, "RIFF") && text(head, 8, "WAVE")) {
            return ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(28);
        }
        return text(head, 0, "ID3") ? MP3_BYTES_PER_SECOND : 0;
    }

    private static boolean text(byte[] bytes, int at, String ascii) {
        for (int i = 0; i < ascii.length(); i++) {
            if (at + i >= bytes.length || bytes[at + i] != ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
