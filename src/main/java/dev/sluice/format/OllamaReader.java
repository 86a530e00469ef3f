package dev.sluice.format;

import dev.sluice.wire.Usage;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Reads Ollama's chat: a stream is documents alike, of which the last one is done. */
final class OllamaReader implements AnswerReader {
    private boolean started;
    private boolean last;
    private int calls;

    @Override
    public void event(String name, byte[] data, int from, int to, Consumer<Piece> pieces) {
        JsonNode line;
        try {
            line = Fields.tree(data, from, to);
        } catch (JacksonException e) {
            pieces.accept(new Piece.Broken("an event that is not JSON"));
            return;
        }
        if (line.has("error")) {
            pieces.accept(new Piece.Broken("an error event"));
            return;
        }
        if (!started) {
            started = true;
            pieces.accept(new Piece.Start(""));
        }
        JsonNode message = line.path("message");
        String thinking = message.path("thinking").asString("");
        if (!thinking.isEmpty()) {
            pieces.accept(new Piece.Thinking(thinking));
        }
        String text = message.path("content").asString("");
        if (!text.isEmpty()) {
            pieces.accept(new Piece.Text(text));
        }
        for (JsonNode call : message.path("tool_calls")) {
            JsonNode function = call.path("function");
            String id = call.path("id").asString("");
            pieces.accept(new Piece.CallStart(
                    calls, id.isEmpty() ? Ids.call() : id, function.path("name").asString("")));
            JsonNode arguments = function.path("arguments");
            pieces.accept(new Piece.Arguments(calls++, arguments.isObject() ? arguments.toString() : "{}"));
        }
        if (line.path("done").asBoolean(false)) {
            last = true;
            pieces.accept(new Piece.Stop(
                    line.path("done_reason").asString("").equals("length") ? Piece.Reason.LENGTH : Piece.Reason.END));
            pieces.accept(new Piece.Spent(usage(line)));
        }
    }

    static Usage usage(JsonNode line) {
        return new Usage(
                Fields.count(line.path("prompt_eval_count")), 0, 0, Fields.count(line.path("eval_count")), 0, false);
    }

    @Override
    public void whole(byte[] answer, Consumer<Piece> pieces) {
        event("", answer, 0, answer.length, pieces);
        if (!last) {
            pieces.accept(new Piece.Broken("an answer that is not done"));
        }
    }

    @Override
    public boolean last() {
        return last;
    }

    @Override
    public boolean finished() {
        return last;
    }
}
