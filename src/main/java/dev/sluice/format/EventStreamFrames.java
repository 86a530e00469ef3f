package dev.sluice.format;

import dev.sluice.wire.EventEnds;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Cuts a {@code text/event-stream} (WHATWG HTML, "Interpreting an event stream"). */
final class EventStreamFrames implements Frames {
    private final EventEnds ends = new EventEnds();
    private byte[] held = new byte[1024];
    private int length;

    @Override
    public void accept(byte[] piece, int size, Taker events) {
        int at = 0;
        while (at < size) {
            int next = ends.next(piece, at, size);
            if (next < 0) {
                hold(piece, at, size);
                return;
            }
            if (length == 0) {
                event(piece, at, next, events);
            } else {
                hold(piece, at, next);
                int whole = length;
                length = 0;
                event(held, 0, whole, events);
            }
            at = next;
        }
    }

    private void hold(byte[] piece, int from, int to) {
        int more = to - from;
        if (length + more > LARGEST) {
            throw new IllegalArgumentException("an event without an end");
        }
        if (length + more > held.length) {
            held = Arrays.copyOf(held, Math.max(length + more, held.length * 2));
        }
        System.arraycopy(piece, from, held, length, more);
        length += more;
    }

    @Override
    public void end(Taker events) {
        int rest = length;
        length = 0;
        if (rest > 0) {
            event(held, 0, rest, events);
        }
    }

    /** Nearly all have one line of data, which is taken where it stands. */
    private static void event(byte[] bytes, int from, int to, Taker events) {
        String name = "";
        int dataFrom = -1;
        int dataTo = -1;
        byte[] joined = null;
        int at = from;
        while (at < to) {
            int end = at;
            while (end < to && bytes[end] != '\n' && bytes[end] != '\r') {
                end++;
            }
            if (field(bytes, at, end, "data")) {
                int start = value(bytes, at + 4, end);
                if (dataFrom < 0) {
                    dataFrom = start;
                    dataTo = end;
                } else {
                    byte[] before = joined == null ? Arrays.copyOfRange(bytes, dataFrom, dataTo) : joined;
                    joined = Arrays.copyOf(before, before.length + 1 + end - start);
                    joined[before.length] = '\n';
                    System.arraycopy(bytes, start, joined, before.length + 1, end - start);
                }
            } else if (field(bytes, at, end, "event")) {
                int start = value(bytes, at + 5, end);
                name = new String(bytes, start, end - start, StandardCharsets.UTF_8).strip();
            }
            at = end + 1;
        }
        if (joined != null) {
            events.take(name, joined, 0, joined.length);
        } else if (dataFrom >= 0 && !blank(bytes, dataFrom, dataTo)) {
            events.take(name, bytes, dataFrom, dataTo);
        }
    }

    private static boolean blank(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            if (bytes[at] != ' ') {
                return false;
            }
        }
        return true;
    }

    private static boolean field(byte[] bytes, int from, int to, String name) {
        if (to - from < name.length()) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if (bytes[from + i] != name.charAt(i)) {
                return false;
            }
        }
        return to - from == name.length() || bytes[from + name.length()] == ':';
    }

    private static int value(byte[] bytes, int colon, int end) {
        int at = Math.min(end, colon + 1);
        return at < end && bytes[at] == ' ' ? at + 1 : at;
    }

    @Override
    public String type() {
        return "text/event-stream";
    }
}
