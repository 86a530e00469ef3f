package dev.sluice.wire;

import io.netty.buffer.ByteBuf;

/**
 * Finds where the events of a {@code text/event-stream} end, however the stream is cut into reads. Lines end with LF,
 * CR LF or CR, and a blank line ends an event (WHATWG HTML, "Interpreting an event stream").
 */
public final class EventEnds {
    private boolean atLineStart = true;
    private boolean afterCarriageReturn;

    /** The index behind the end of the event that is going on, or -1 when it does not end before {@code to}. */
    public int next(ByteBuf bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            byte b = bytes.getByte(at);
            if (b == '\n' && afterCarriageReturn) {
                afterCarriageReturn = false;
                if (at == from && atLineStart) {
                    return at + 1; // the second half of a line end whose first half ended the last read
                }
            } else if (b == '\n' || b == '\r') {
                boolean blank = atLineStart;
                atLineStart = true;
                afterCarriageReturn = b == '\r';
                if (blank) {
                    return behindLineEnd(bytes, at + 1, to);
                }
            } else {
                atLineStart = false;
                afterCarriageReturn = false;
            }
        }
        return -1;
    }

    private int behindLineEnd(ByteBuf bytes, int at, int to) {
        if (afterCarriageReturn && at < to && bytes.getByte(at) == '\n') {
            afterCarriageReturn = false;
            return at + 1;
        }
        return at;
    }
}
