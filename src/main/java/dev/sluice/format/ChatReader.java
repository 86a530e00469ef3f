package dev.sluice.format;

import dev.sluice.wire.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Reads OpenAI's chat completions, and the many things that go by that name. */
final class ChatReader extends JsonReader {
    /** A tool call as it comes together. Some vendors send its name late, repeat its id, or leave out its index. */
    private static final class Slot {
        final int index; // the vendor's; -1: it gave none
        String id;
        int ordinal = -1; // among those that have begun; one without a name never does
        boolean empty = true;
        final StringBuilder waiting = new StringBuilder(); // arguments that came before the name

        Slot(int index, String id) {
            this.index = index;
            this.id = id;
        }
    }

    private final boolean completionExcludesReasoning;
    private final List<Slot> slots = new ArrayList<>();
    private int begun;
    private boolean started;

    ChatReader(List<String> quirks) {
        this.completionExcludesReasoning = quirks.contains("completion_excludes_reasoning");
    }

    @Override
    void done(Consumer<Piece> pieces) {
        last = true;
        fillEmptyCalls(pieces);
    }

    @Override
    void event(String name, JsonNode chunk, Consumer<Piece> pieces) {
        if (Fields.given(chunk.path("error"))) {
            pieces.accept(new Piece.Broken("an error event"));
            return;
        }
        start(chunk, pieces);
        for (JsonNode choice : chunk.path("choices")) {
            if (Fields.count(choice.path("index")) == 0) {
                said(choice.path("delta"), pieces);
                stopped(choice.path("finish_reason"), pieces);
                spent(choice.path("usage"), chunk, pieces);
            }
        }
        spent(chunk.path("x_groq").path("usage"), chunk, pieces);
        spent(chunk.path("usage"), chunk, pieces);
    }

    @Override
    void whole(JsonNode doc, Consumer<Piece> pieces) {
        JsonNode choice = doc.path("choices").path(0);
        if (!choice.path("message").isObject()) {
            pieces.accept(new Piece.Broken("an answer without a message"));
            return;
        }
        start(doc, pieces);
        said(choice.path("message"), pieces);
        stopped(choice.path("finish_reason"), pieces);
        fillEmptyCalls(pieces);
        spent(doc.path("usage"), doc, pieces);
    }

    private void start(JsonNode answer, Consumer<Piece> pieces) {
        if (!started) {
            started = true;
            pieces.accept(new Piece.Start(answer.path("id").asString("")));
        }
    }

    private void said(JsonNode said, Consumer<Piece> pieces) {
        thought(said, pieces);
        JsonNode content = said.path("content");
        if (content.isString() && !content.asString().isEmpty()) {
            pieces.accept(new Piece.Text(content.asString()));
        }
        for (JsonNode part : content) { // Mistral's reasoning models answer in parts
            String text = part.path("text").asString("");
            if (!text.isEmpty()) {
                pieces.accept(new Piece.Text(text));
            }
            for (JsonNode inner : part.path("thinking")) {
                pieces.accept(new Piece.Thinking(inner.path("text").asString("")));
            }
        }
        String refusal = said.path("refusal").asString("");
        if (!refusal.isEmpty()) {
            pieces.accept(new Piece.Declined(refusal));
        }
        for (JsonNode call : said.path("tool_calls")) {
            called(call, pieces);
        }
    }

    /** {@code thinking_blocks} repeat what is signed of {@code reasoning_content}, or are signatures only. */
    private static void thought(JsonNode said, Consumer<Piece> pieces) {
        String plain =
                said.path("reasoning_content").asString(said.path("reasoning").asString(""));
        int told = 0;
        for (JsonNode block : said.path("thinking_blocks")) {
            String text = block.path("thinking").asString("");
            think(text, pieces);
            told += plain.startsWith(text, told) ? text.length() : 0;
            String signature = block.path("signature").asString("");
            if (!signature.isEmpty()) {
                pieces.accept(Signature.piece(signature, Signature.Maker.ANTHROPIC));
            }
            if (block.path("type").asString("").equals("redacted_thinking")) {
                pieces.accept(
                        new Piece.Redacted(Signature.read(block.path("data").asString(""), Signature.Maker.ANTHROPIC)));
            }
        }
        think(plain.substring(told), pieces);
    }

    private static void think(String text, Consumer<Piece> pieces) {
        if (!text.isEmpty()) {
            pieces.accept(new Piece.Thinking(text));
        }
    }

    private void called(JsonNode call, Consumer<Piece> pieces) {
        int index = call.path("index").isNumber() ? call.path("index").asInt(0) : -1;
        String id = call.path("id").asString("");
        Slot slot = slot(index, id);
        JsonNode function = call.path("function");
        String signature = call.path("extra_content")
                .path("google")
                .path("thought_signature")
                .asString("");
        if (!signature.isEmpty()) {
            pieces.accept(new Piece.Sign(new Signature(Signature.Maker.GOOGLE, signature)));
        }
        String name = function.path("name").asString("");
        if (slot.ordinal < 0 && !name.isEmpty()) {
            slot.ordinal = begun++;
            pieces.accept(new Piece.CallStart(slot.ordinal, slot.id, name));
            argue(slot, slot.waiting.toString(), pieces);
        }
        JsonNode given = function.path("arguments");
        String arguments = given.isObject() ? given.toString() : given.asString("");
        if (slot.ordinal >= 0) {
            argue(slot, arguments, pieces);
        } else {
            slot.waiting.append(arguments);
        }
    }

    private static void argue(Slot slot, String json, Consumer<Piece> pieces) {
        if (!json.isEmpty()) {
            slot.empty = false;
            pieces.accept(new Piece.Arguments(slot.ordinal, json));
        }
    }

    private Slot slot(int index, String id) {
        Slot found = null;
        for (Slot slot : slots) {
            boolean same = index >= 0 ? slot.index == index : id.isEmpty() || slot.id.equals(id);
            if (same) {
                found = slot; // the last one: where an index is used again, the later call has it
            }
        }
        if (found != null && !id.isEmpty() && !found.id.equals(id)) {
            found = null;
        }
        if (found == null) {
            found = new Slot(index, id.isEmpty() ? Ids.call() : id);
            slots.add(found);
        }
        return found;
    }

    private void stopped(JsonNode reason, Consumer<Piece> pieces) {
        String word = reason.asString("");
        if (!word.isEmpty() && !word.equals("null")) {
            stopped = true;
            fillEmptyCalls(pieces);
            pieces.accept(new Piece.Stop(reason(word)));
        }
    }

    private void fillEmptyCalls(Consumer<Piece> pieces) {
        for (Slot slot : slots) {
            if (slot.ordinal >= 0 && slot.empty) {
                argue(slot, "{}", pieces);
            }
        }
    }

    private static Piece.Reason reason(String word) {
        return switch (word) {
            case "length", "max_tokens", "MAX_TOKENS", "model_length" -> Piece.Reason.LENGTH;
            case "tool_calls", "function_call", "tool_use" -> Piece.Reason.TOOL_CALLS;
            case "content_filter", "sensitive", "SAFETY", "refusal" -> Piece.Reason.FILTERED;
            default -> Piece.Reason.END;
        };
    }

    private void spent(JsonNode node, JsonNode answer, Consumer<Piece> pieces) {
        Usage usage = node.isObject() ? OpenAiUsage.of(node, completionExcludesReasoning) : Usage.NONE;
        if (!usage.empty()) {
            pieces.accept(new Piece.Spent(
                    usage.at(Usage.Tier.of(answer.path("service_tier").asString("")))));
        }
    }
}
