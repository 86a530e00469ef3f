package dev.sluice.format;

import dev.sluice.wire.Usage;
import org.jspecify.annotations.Nullable;

/** A piece of an answer, in no vendor's words. A plain answer is a few of them, a stream many. */
public sealed interface Piece {
    /** The answer begins. */
    record Start(String id) implements Piece {}

    record Text(String text) implements Piece {}

    record Thinking(String text) implements Piece {}

    /** Ends the thinking before it, or belongs to the tool call after it. */
    record Sign(Signature signature) implements Piece {}

    /** Thinking that only its maker can read. */
    record Redacted(Signature data) implements Piece {}

    /** A tool call begins. @param index counts the answer's calls from 0 */
    record CallStart(int index, String id, String name) implements Piece {}

    /** More of a call's arguments, which are JSON when all are there. */
    record Arguments(int index, String json) implements Piece {}

    /** The model's words for not answering. */
    record Declined(String text) implements Piece {}

    /** Why the answer ended. @param sequence the stop sequence that was met, where it is known */
    record Stop(Reason reason, @Nullable String sequence) implements Piece {
        public Stop(Reason reason) {
            this(reason, null);
        }
    }

    /** What was used up to now: the last one counts. */
    record Spent(Usage usage) implements Piece {}

    /** One embedding. */
    record Vector(float[] values) implements Piece {}

    /** The vendor cannot go on, or is not understood. @param why for the log, without any of the vendor's words */
    record Broken(String why) implements Piece {}

    /** Why an answer ends. */
    enum Reason {
        END,
        STOP_SEQUENCE,
        LENGTH,
        TOOL_CALLS,
        FILTERED
    }
}
