package dev.sluice.format;

import dev.sluice.wire.Refusal;
import java.util.List;

/** Writes one answer for a caller: a stream piece by piece, or a plain one. */
public interface AnswerWriter {
    /** What the stream shows for the piece, which may be nothing. */
    void write(Piece piece, Events to);

    /** The answer is complete: whatever was waiting for its end. */
    void end(Events to);

    /** The answer broke off: the stream's last words instead of its end. */
    void broken(Refusal refusal, Events to);

    /** A plain answer, as JSON. */
    byte[] whole(List<Piece> pieces);

    /** The media type of a stream. */
    default String streamType() {
        return "text/event-stream";
    }
}
