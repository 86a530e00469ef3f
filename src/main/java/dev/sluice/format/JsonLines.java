package dev.sluice.format;

import java.util.Arrays;

/** Cuts a stream of JSON documents, one a line. */
final class JsonLines implements Frames {
    private byte[] held = new byte[1024];
    private int length;

    @Override
    public void accept(byte[] piece, int size, Taker events) {
        if (length + size > LARGEST) {
            throw new IllegalArgumentException("a line without an end");
        }
        if (length + size > held.length) {
            held = Arrays.copyOf(held, Math.max(length + size, held.length * 2));
        }
        System.arraycopy(piece, 0, held, length, size);
        int scanned = length;
        length += size;
        int from = 0;
        for (int at = scanned; at < length; at++) {
            if (held[at] == '\n') {
                line(from, at, events);
                from = at + 1;
            }
        }
        System.arraycopy(held, from, held, 0, length - from);
        length -= from;
    }

    private void line(int from, int to, Taker events) {
        int end = to > from && held[to - 1] == '\r' ? to - 1 : to;
        if (end > from) {
            events.take("", held, from, end);
        }
    }

    @Override
    public void end(Taker events) {
        int rest = length;
        length = 0;
        line(0, rest, events);
    }

    @Override
    public String type() {
        return "application/x-ndjson";
    }
}
