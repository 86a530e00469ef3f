package dev.sluice.format;

import dev.sluice.wire.Usage;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Reads AWS Bedrock's Converse. */
final class ConverseReader extends JsonReader {
    private final Map<Integer, Integer> calls = new HashMap<>(); // from the open block's index to the call's
    private final Map<Integer, Boolean> argued = new HashMap<>();
    private int ordinal;

    @Override
    void event(String name, JsonNode event, Consumer<Piece> pieces) {
        if (name.startsWith("!")) {
            pieces.accept(new Piece.Broken("an exception"));
            return;
        }
        int index = event.path("contentBlockIndex").asInt(0);
        switch (name) {
            case "messageStart" -> pieces.accept(new Piece.Start(""));
            case "contentBlockStart" -> call(index, event.path("start").path("toolUse"), pieces);
            case "contentBlockDelta" -> {
                JsonNode delta = event.path("delta");
                say(delta, pieces);
                think(delta.path("reasoningContent"), pieces);
                argue(index, delta.path("toolUse").path("input").asString(""), pieces);
            }
            case "contentBlockStop" -> close(index, pieces);
            case "messageStop" -> stop(event, pieces);
            case "metadata" -> {
                spent(event.path("usage"), pieces);
                last = stopped;
            }
            default -> {
                // what is newer than this
            }
        }
    }

    private static void say(JsonNode block, Consumer<Piece> pieces) {
        String text = block.path("text").asString("");
        if (!text.isEmpty()) {
            pieces.accept(new Piece.Text(text));
        }
    }

    private static void think(JsonNode block, Consumer<Piece> pieces) {
        JsonNode whole = block.path("reasoningText");
        JsonNode node = whole.isObject() ? whole : block;
        String text = node.path("text").asString("");
        if (!text.isEmpty()) {
            pieces.accept(new Piece.Thinking(text));
        }
        String signature = node.path("signature").asString("");
        if (!signature.isEmpty()) {
            pieces.accept(new Piece.Sign(new Signature(Signature.Maker.ANTHROPIC, signature)));
        }
        String redacted = block.path("redactedContent").asString("");
        if (!redacted.isEmpty()) {
            pieces.accept(new Piece.Redacted(new Signature(Signature.Maker.ANTHROPIC, redacted)));
        }
    }

    private void call(int index, JsonNode use, Consumer<Piece> pieces) {
        if (use.isObject()) {
            calls.put(index, ordinal);
            pieces.accept(new Piece.CallStart(
                    ordinal++,
                    use.path("toolUseId").asString(""),
                    use.path("name").asString("")));
        }
    }

    private void argue(int index, String json, Consumer<Piece> pieces) {
        Integer call = calls.get(index);
        if (call != null && !json.isEmpty()) {
            argued.put(call, true);
            pieces.accept(new Piece.Arguments(call, json));
        }
    }

    private void close(int index, Consumer<Piece> pieces) {
        Integer call = calls.get(index);
        if (call != null && !argued.containsKey(call)) {
            argue(index, "{}", pieces);
        }
        calls.remove(index);
    }

    private void stop(JsonNode from, Consumer<Piece> pieces) {
        stopped = true;
        pieces.accept(new Piece.Stop(
                switch (from.path("stopReason").asString("")) {
                    case "max_tokens", "model_context_window_exceeded" -> Piece.Reason.LENGTH;
                    case "tool_use" -> Piece.Reason.TOOL_CALLS;
                    case "stop_sequence" -> Piece.Reason.STOP_SEQUENCE;
                    case "guardrail_intervened", "content_filtered", "refusal" -> Piece.Reason.FILTERED;
                    default -> Piece.Reason.END;
                }));
    }

    private static void spent(JsonNode usage, Consumer<Piece> pieces) {
        if (usage.isObject()) {
            pieces.accept(new Piece.Spent(usage(usage)));
        }
    }

    /** As with Anthropic, what was read from the cache or written to it is counted beside the input. */
    static Usage usage(JsonNode node) {
        long read = Fields.count(node.path("cacheReadInputTokens"));
        long written = Fields.count(node.path("cacheWriteInputTokens"));
        return new Usage(
                Fields.count(node.path("inputTokens")) + read + written,
                read,
                written,
                Fields.count(node.path("outputTokens")),
                0,
                false);
    }

    @Override
    void whole(JsonNode doc, Consumer<Piece> pieces) {
        JsonNode content = doc.path("output").path("message").path("content");
        if (!content.isArray()) {
            pieces.accept(new Piece.Broken("an answer without content"));
            return;
        }
        pieces.accept(new Piece.Start(""));
        int index = 0;
        for (JsonNode block : content) {
            say(block, pieces);
            think(block.path("reasoningContent"), pieces);
            JsonNode use = block.path("toolUse");
            call(index, use, pieces);
            argue(index, use.path("input").isObject() ? use.path("input").toString() : "", pieces);
            close(index++, pieces);
        }
        stop(doc, pieces);
        spent(doc.path("usage"), pieces);
    }
}
