package dev.sluice.format;

import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Reads answers whose events are JSON, as all but embeddings' are; what is not JSON breaks the answer. */
abstract class JsonReader implements AnswerReader {
    /** Why the answer ended was told. */
    boolean stopped;

    /** Nothing of the answer can follow. */
    boolean last;

    /** One event of a stream. */
    abstract void event(String name, JsonNode event, Consumer<Piece> pieces);

    /** A plain answer. */
    abstract void whole(JsonNode answer, Consumer<Piece> pieces);

    /** OpenAI's last word, which others add to their own. */
    void done(Consumer<Piece> pieces) {
        // says nothing new
    }

    @Override
    public final void event(String name, byte[] data, int from, int to, Consumer<Piece> pieces) {
        if (isDone(data, from, to)) {
            done(pieces);
            return;
        }
        JsonNode event;
        try {
            event = Fields.tree(data, from, to);
        } catch (JacksonException e) {
            pieces.accept(new Piece.Broken("an event that is not JSON"));
            return;
        }
        event(name, event, pieces);
    }

    private static boolean isDone(byte[] data, int from, int to) {
        return to - from >= 6 && data[from] == '[' && data[from + 1] == 'D' && data[from + 5] == ']';
    }

    @Override
    public final void whole(byte[] answer, Consumer<Piece> pieces) {
        JsonNode doc;
        try {
            doc = Fields.tree(answer, 0, answer.length);
        } catch (JacksonException e) {
            pieces.accept(new Piece.Broken("an answer that is not JSON"));
            return;
        }
        whole(doc, pieces);
    }

    @Override
    public final boolean last() {
        return last;
    }

    @Override
    public final boolean finished() {
        return stopped;
    }
}
