package dev.sluice.format;

import dev.sluice.wire.Usage;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Reads Cohere's chat, version 2. */
final class CohereReader extends JsonReader {
    private int calls;
    private boolean argued;

    @Override
    void event(String name, JsonNode event, Consumer<Piece> pieces) {
        JsonNode message = event.path("delta").path("message");
        switch (event.path("type").asString(name)) {
            case "message-start" ->
                pieces.accept(new Piece.Start(event.path("id").asString("")));
            case "content-start", "content-delta" -> say(message.path("content"), pieces);
            case "tool-plan-delta" -> plan(message, pieces);
            case "tool-call-start" -> {
                argued = false;
                call(message.path("tool_calls"), pieces);
            }
            case "tool-call-delta" ->
                argue(
                        message.path("tool_calls")
                                .path("function")
                                .path("arguments")
                                .asString(""),
                        pieces);
            case "tool-call-end" -> {
                if (!argued) {
                    argue("{}", pieces);
                }
            }
            case "message-end" -> {
                end(
                        event.path("delta").path("finish_reason").asString(""),
                        event.path("delta").path("usage"),
                        pieces);
                stopped = true;
                last = true;
            }
            default -> {
                // ends, citations, and what is newer than this
            }
        }
    }

    private static void say(JsonNode content, Consumer<Piece> pieces) {
        String text = content.path("text").asString("");
        if (!text.isEmpty()) {
            pieces.accept(new Piece.Text(text));
        }
        String thinking = content.path("thinking").asString("");
        if (!thinking.isEmpty()) {
            pieces.accept(new Piece.Thinking(thinking));
        }
    }

    /** What it says before it calls tools. */
    private static void plan(JsonNode message, Consumer<Piece> pieces) {
        String plan = message.path("tool_plan").asString("");
        if (!plan.isEmpty()) {
            pieces.accept(new Piece.Text(plan));
        }
    }

    private void call(JsonNode call, Consumer<Piece> pieces) {
        String id = call.path("id").asString("");
        pieces.accept(new Piece.CallStart(
                calls++,
                id.isEmpty() ? Ids.call() : id,
                call.path("function").path("name").asString("")));
        argue(call.path("function").path("arguments").asString(""), pieces);
    }

    private void argue(String json, Consumer<Piece> pieces) {
        if (!json.isEmpty() && calls > 0) {
            argued = true;
            pieces.accept(new Piece.Arguments(calls - 1, json));
        }
    }

    private static void end(String reason, JsonNode usage, Consumer<Piece> pieces) {
        switch (reason) {
            case "ERROR", "TIMEOUT" -> pieces.accept(new Piece.Broken("it ended in an error"));
            case "MAX_TOKENS" -> pieces.accept(new Piece.Stop(Piece.Reason.LENGTH));
            case "STOP_SEQUENCE" -> pieces.accept(new Piece.Stop(Piece.Reason.STOP_SEQUENCE));
            case "TOOL_CALL" -> pieces.accept(new Piece.Stop(Piece.Reason.TOOL_CALLS));
            case "ERROR_TOXIC" -> pieces.accept(new Piece.Stop(Piece.Reason.FILTERED));
            default -> pieces.accept(new Piece.Stop(Piece.Reason.END));
        }
        Usage used = usage(usage);
        if (!used.empty()) {
            pieces.accept(new Piece.Spent(used));
        }
    }

    /** The tokens that were counted, or else those that are billed. */
    static Usage usage(JsonNode usage) {
        JsonNode counted = usage.path("tokens").isObject() ? usage.path("tokens") : usage.path("billed_units");
        return new Usage(
                Fields.count(counted.path("input_tokens")),
                Fields.count(usage.path("cached_tokens")),
                0,
                Fields.count(counted.path("output_tokens")),
                0,
                false);
    }

    @Override
    void whole(JsonNode doc, Consumer<Piece> pieces) {
        JsonNode message = doc.path("message");
        if (!message.isObject()) {
            pieces.accept(new Piece.Broken("an answer without a message"));
            return;
        }
        pieces.accept(new Piece.Start(doc.path("id").asString("")));
        message.path("content").forEach(block -> say(block, pieces));
        plan(message, pieces);
        for (JsonNode call : message.path("tool_calls")) {
            argued = false;
            call(call, pieces);
            if (!argued) {
                argue("{}", pieces);
            }
        }
        end(doc.path("finish_reason").asString(""), doc.path("usage"), pieces);
    }
}
