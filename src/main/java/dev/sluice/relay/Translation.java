package dev.sluice.relay;

import dev.sluice.format.AnswerReader;
import dev.sluice.format.AnswerWriter;
import dev.sluice.format.Events;
import dev.sluice.format.Format;
import dev.sluice.format.Frames;
import dev.sluice.format.Heading;
import dev.sluice.format.Piece;
import dev.sluice.format.Question;
import dev.sluice.format.Tally;
import dev.sluice.format.ToolNames;
import dev.sluice.vendor.Failure;
import dev.sluice.wire.Refusal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One attempt between a caller of one form and a vendor of another: the question there, and the answer back. */
final class Translation {
    private final byte[] body;
    private final ToolNames names;
    private final Format theirs;
    private final AnswerReader reader;
    private final AnswerWriter writer;
    private final Tally tally = new Tally();
    private final Events events = new Events();
    private final Frames frames;
    private @Nullable String broken;

    /** @throws Refusal when the vendor's form has no word for what is asked */
    Translation(Question question, Format callers, Format theirs, String model, List<String> quirks, Heading heading) {
        this.names = theirs.names(question);
        this.body = theirs.write(question, names, model, quirks);
        this.theirs = theirs;
        this.reader = theirs.reader(quirks);
        this.writer = callers.writer(heading);
        this.frames = theirs.frames();
    }

    /** What the vendor gets. */
    byte[] body() {
        return body;
    }

    Tally tally() {
        return tally;
    }

    /** The media type in which the vendor streams. */
    String theirStreamType() {
        return frames.type();
    }

    /** The media type in which the caller gets a stream. */
    String streamType() {
        return writer.streamType();
    }

    /** A piece of the vendor's stream; what the caller gets for it is {@link #taken}. */
    void accept(byte[] piece, int length) {
        try {
            frames.accept(piece, length, this::event);
        } catch (IllegalArgumentException nonsense) {
            broken = "not the protocol";
        }
    }

    private void event(String name, byte[] data, int from, int to) {
        if (broken == null && !reader.last()) {
            reader.event(name, data, from, to, this::take);
        }
    }

    private void take(Piece piece) {
        if (broken != null) {
            return;
        }
        if (piece instanceof Piece.Broken known) {
            broken = known.why();
            return;
        }
        Piece passed = piece instanceof Piece.CallStart call
                ? new Piece.CallStart(call.index(), call.id(), names.original(call.name()))
                : piece;
        tally.take(passed);
        writer.write(passed, events);
    }

    /** What the vendor does wrong, or null. */
    @Nullable
    Failure failure() {
        return broken == null ? null : new Failure(Failure.Kind.SERVER_ERROR, broken);
    }

    /** Whether the vendor has said its last word. */
    boolean last() {
        return broken == null && reader.last();
    }

    /** The vendor's stream has ended. Whether it was complete. */
    boolean finished() {
        frames.end(this::event);
        return broken == null && (reader.last() || reader.finished());
    }

    /** What the caller's stream ends with. */
    void end() {
        writer.end(events);
    }

    /** What the caller's stream ends with when it broke. */
    void end(Refusal refusal) {
        writer.broken(refusal, events);
    }

    /** What goes to the caller next; it may be nothing. */
    byte[] taken() {
        return events.taken();
    }

    /** A plain answer of the vendor's as the caller's. @throws Failure when it is none */
    byte[] whole(byte[] answer) {
        List<Piece> pieces = new ArrayList<>();
        if (theirs.isError(answer)) {
            throw new Failure(Failure.Kind.SERVER_ERROR, "an error with the status of an answer");
        }
        reader.whole(answer, piece -> {
            if (piece instanceof Piece.Broken known) {
                broken = known.why();
            }
            Piece passed = piece instanceof Piece.CallStart call
                    ? new Piece.CallStart(call.index(), call.id(), names.original(call.name()))
                    : piece;
            tally.take(passed);
            pieces.add(passed);
        });
        if (broken != null) {
            throw new Failure(Failure.Kind.NOT_THE_PROTOCOL, broken);
        }
        return writer.whole(pieces);
    }
}
