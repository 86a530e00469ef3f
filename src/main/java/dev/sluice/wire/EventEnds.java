package dev.sluice.wire;

/**
 * Finds where the events of a {@code text/event-stream} end, however the stream is cut into reads. Lines end with LF,
 * CR LF or CR, and a blank line ends an event (WHATWG HTML, "Interpreting an event stream").
 */
public final class EventEnds {
    private boolean atLineStart = true;
    private boolean afterCarriageReturn;
    private boolean ended; // the last event ended in a CR, whose LF may still come

    /** The index behind the end of the event that is going on, or -1 when it does not end before {@code to}. */
    public int next(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            byte b = bytes[at];
            boolean secondHalf = b == '\n' && afterCarriageReturn;
            boolean late = secondHalf && ended;
            ended = false;
            afterCarriageReturn = b == '\r';
            if (late) {
                return at + 1;
            }
            if (secondHalf) {
                continue;
            }
            boolean lineEnd = b == '\n' || b == '\r';
            if (lineEnd && atLineStart) {
                return end(bytes, at + 1, to);
            }
            atLineStart = lineEnd;
        }
        return -1;
    }

    private int end(byte[] bytes, int at, int to) {
        if (afterCarriageReturn && at < to && bytes[at] == '\n') {
            afterCarriageReturn = false;
            return at + 1;
        }
        ended = afterCarriageReturn;
        return at;
    }
}
