package dev.sluice.format;

import dev.sluice.wire.Usage;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Reads Ollama's chat: a stream is documents alike, of which the last one is done. */
final class OllamaReader extends JsonReader {
    private boolean started;
    private int calls;

    @Override
    void event(String name, JsonNode line, Consumer<Piece> pieces) {
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
            stopped = true;
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
    void whole(JsonNode answer, Consumer<Piece> pieces) {
        event("", answer, pieces);
        if (!last) {
            pieces.accept(new Piece.Broken("an answer that is not done"));
        }
    }
}
