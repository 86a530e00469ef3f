package dev.sluice.format;

import java.util.function.Consumer;

/** Reads one answer of a vendor, whole or event by event, into pieces. */
public interface AnswerReader {
    /**
     * One event of a stream.
     *
     * @param name the event's own name; empty: it has none
     */
    void event(String name, byte[] data, int from, int to, Consumer<Piece> pieces);

    /** A plain answer. */
    void whole(byte[] answer, Consumer<Piece> pieces);

    /** Whether the last event was the stream's last one: nothing of the answer can follow. */
    boolean last();

    /** Whether the stream's end would be the answer's end, too, and not a break. */
    boolean finished();
}
