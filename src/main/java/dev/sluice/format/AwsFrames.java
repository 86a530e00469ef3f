package dev.sluice.format;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * Cuts AWS's binary event stream: total length, headers' length, a checksum of both; headers; payload; a checksum of
 * all, integers big-endian (AWS, "Event stream encoding"). What is no event has a name that begins with {@code !}.
 */
final class AwsFrames implements Frames {
    private static final int PRELUDE = 12;
    private static final int OVERHEAD = PRELUDE + 4;
    private static final int STRING = 7;

    private byte[] held = new byte[4096];
    private int length;

    @Override
    public void accept(byte[] piece, int size, Taker events) {
        if (length + size > LARGEST) {
            throw new IllegalArgumentException("an event without an end");
        }
        if (length + size > held.length) {
            held = Arrays.copyOf(held, Math.max(length + size, held.length * 2));
        }
        System.arraycopy(piece, 0, held, length, size);
        length += size;
        int at = 0;
        while (length - at >= PRELUDE) {
            ByteBuffer prelude = ByteBuffer.wrap(held, at, PRELUDE);
            int total = prelude.getInt();
            int headers = prelude.getInt();
            if (total < OVERHEAD || total > LARGEST || headers < 0 || headers > total - OVERHEAD) {
                throw new IllegalArgumentException("lengths that cannot be");
            }
            if (checksum(at, 8) != prelude.getInt()) {
                throw new IllegalArgumentException("a wrong checksum");
            }
            if (length - at < total) {
                break;
            }
            frame(at, total, headers, events);
            at += total;
        }
        System.arraycopy(held, at, held, 0, length - at);
        length -= at;
    }

    private int checksum(int from, int count) {
        CRC32 crc = new CRC32();
        crc.update(held, from, count);
        return (int) crc.getValue();
    }

    private void frame(int at, int total, int headersLength, Taker events) {
        if (checksum(at, total - 4) != ByteBuffer.wrap(held, at + total - 4, 4).getInt()) {
            throw new IllegalArgumentException("a wrong checksum");
        }
        try {
            cut(at, total, headersLength, events);
        } catch (BufferUnderflowException tooShort) {
            throw new IllegalArgumentException("headers that end too early", tooShort);
        }
    }

    private void cut(int at, int total, int headersLength, Taker events) {
        ByteBuffer headers = ByteBuffer.wrap(held, at + PRELUDE, headersLength);
        String message = "";
        String event = "";
        while (headers.hasRemaining()) {
            String name = text(headers, headers.get() & 0xFF);
            int type = headers.get();
            String value = "";
            if (type == STRING) {
                value = text(headers, headers.getShort() & 0xFFFF);
            } else {
                headers.position(headers.position() + size(type, headers));
            }
            switch (name) {
                case ":message-type" -> message = value;
                case ":event-type" -> event = value;
                default -> {
                    // what else there is says nothing that matters here
                }
            }
        }
        int from = at + PRELUDE + headersLength;
        events.take(message.equals("event") ? event : "!" + message, held, from, at + total - 4);
    }

    private static String text(ByteBuffer from, int size) {
        byte[] bytes = new byte[size];
        from.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static int size(int type, ByteBuffer at) {
        return switch (type) {
            case 0, 1 -> 0;
            case 2 -> 1;
            case 3 -> 2;
            case 4 -> 4;
            case 5, 8 -> 8;
            case 6 -> at.getShort() & 0xFFFF;
            case 9 -> 16;
            default -> throw new IllegalArgumentException("a header of an unknown kind");
        };
    }

    @Override
    public void end(Taker events) {
        // half a frame is none
    }

    @Override
    public String type() {
        return "application/vnd.amazon.eventstream";
    }
}
