package dev.sluice.vendor;

import dev.sluice.wire.Reading;
import org.jspecify.annotations.Nullable;

/**
 * Watches one answer in a vendor's form go by: what each event is, what was used, whether the answer is whole. It
 * changes nothing and keeps no part of the answer.
 */
public interface Meter extends Reading {

    /** What one event of a stream is. */
    enum Event {
        /** Something of the answer, or a comment. */
        PART,
        /** Usage and nothing else, which only whoever asked for it gets. */
        USAGE_ONLY,
        /** The answer is complete with it. */
        LAST,
        /** The vendor says that it cannot go on. */
        ERROR
    }

    /** One whole event of a stream, its blank line included. */
    Event event(byte[] event, int from, int to);

    /** A piece of an event that is too large to be held. */
    void large(byte[] piece, int from, int to, boolean ends);

    /** A piece of a plain answer. */
    void piece(byte[] piece, int length);

    /** Whether the vendor said what was used; if not, the text of a plain answer has to be {@link #count}ed. */
    boolean metered();

    /** A piece of a plain answer without usage, whose text is counted. */
    void count(byte[] piece, int length);

    /** Whether the plain answer is one whole JSON document. */
    boolean whole();

    /** The id under which the vendor keeps the answer; null: none has come, or it keeps none. */
    default @Nullable String keptAs() {
        return null;
    }

    /** Whether a plain answer is an error object, which some vendors send with status 200. */
    boolean isError(byte[] answer);

    /** Whether the stream said that the answer is complete, although its last event may be missing. */
    boolean finished();
}
