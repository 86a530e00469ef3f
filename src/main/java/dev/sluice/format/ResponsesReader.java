package dev.sluice.format;

import dev.sluice.wire.Usage;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Reads OpenAI's responses. */
final class ResponsesReader extends JsonReader {
    private final Map<Integer, Integer> calls = new HashMap<>(); // from the item's index to the call's
    private final Map<Integer, Boolean> argued = new HashMap<>();

    @Override
    void event(String name, JsonNode event, Consumer<Piece> pieces) {
        int index = event.path("output_index").asInt(0);
        switch (event.path("type").asString(name)) {
            case "response.created" ->
                pieces.accept(new Piece.Start(event.path("response").path("id").asString("")));
            case "response.output_text.delta" -> say(event.path("delta").asString(""), pieces);
            case "response.refusal.delta" ->
                pieces.accept(new Piece.Declined(event.path("delta").asString("")));
            case "response.reasoning_summary_text.delta", "response.reasoning_text.delta" ->
                pieces.accept(new Piece.Thinking(event.path("delta").asString("")));
            case "response.output_item.added" -> added(index, event.path("item"), pieces);
            case "response.function_call_arguments.delta" ->
                argue(index, event.path("delta").asString(""), pieces);
            case "response.output_item.done" -> done(index, event.path("item"), pieces);
            case "response.completed", "response.incomplete" -> {
                end(event.path("response"), pieces);
                stopped = true;
                last = true;
            }
            case "response.failed", "error", "response.cancelled" -> pieces.accept(new Piece.Broken("an error event"));
            default -> {
                // ends of what was told in pieces, hosted tools, and what is newer than this
            }
        }
    }

    private static void say(String text, Consumer<Piece> pieces) {
        if (!text.isEmpty()) {
            pieces.accept(new Piece.Text(text));
        }
    }

    private void added(int index, JsonNode item, Consumer<Piece> pieces) {
        if (item.path("type").asString("").equals("function_call")) {
            int ordinal = calls.size();
            calls.put(index, ordinal);
            String id = item.path("call_id").asString("");
            pieces.accept(new Piece.CallStart(
                    ordinal, id.isEmpty() ? Ids.call() : id, item.path("name").asString("")));
            argue(index, item.path("arguments").asString(""), pieces);
        }
    }

    private void argue(int index, String json, Consumer<Piece> pieces) {
        Integer ordinal = calls.get(index);
        if (ordinal != null && !json.isEmpty()) {
            argued.put(index, true);
            pieces.accept(new Piece.Arguments(ordinal, json));
        }
    }

    private void done(int index, JsonNode item, Consumer<Piece> pieces) {
        if (calls.containsKey(index) && !argued.containsKey(index)) {
            String json = item.path("arguments").asString("");
            argue(index, json.isEmpty() ? "{}" : json, pieces);
        }
        sign(item, pieces);
    }

    private static void sign(JsonNode item, Consumer<Piece> pieces) {
        String encrypted = item.path("encrypted_content").asString("");
        if (item.path("type").asString("").equals("reasoning") && !encrypted.isEmpty()) {
            pieces.accept(Signature.piece(encrypted, Signature.Maker.OPENAI));
        }
    }

    private void end(JsonNode response, Consumer<Piece> pieces) {
        String why = response.path("incomplete_details").path("reason").asString("");
        Piece.Reason reason = why.equals("content_filter")
                ? Piece.Reason.FILTERED
                : why.isEmpty() ? calls.isEmpty() ? Piece.Reason.END : Piece.Reason.TOOL_CALLS : Piece.Reason.LENGTH;
        pieces.accept(new Piece.Stop(reason));
        Usage usage = OpenAiUsage.of(response.path("usage"), false);
        if (!usage.empty()) {
            pieces.accept(new Piece.Spent(
                    usage.at(Usage.Tier.of(response.path("service_tier").asString("")))));
        }
    }

    @Override
    void whole(JsonNode response, Consumer<Piece> pieces) {
        String status = response.path("status").asString("");
        if (!response.path("output").isArray() || status.equals("failed") || status.equals("cancelled")) {
            pieces.accept(new Piece.Broken("an answer without output"));
            return;
        }
        pieces.accept(new Piece.Start(response.path("id").asString("")));
        int index = 0;
        for (JsonNode item : response.path("output")) {
            for (JsonNode part : item.path("content")) {
                say(part.path("text").asString(""), pieces);
                String refusal = part.path("refusal").asString("");
                if (!refusal.isEmpty()) {
                    pieces.accept(new Piece.Declined(refusal));
                }
            }
            for (JsonNode part : item.path("summary")) {
                pieces.accept(new Piece.Thinking(part.path("text").asString("")));
            }
            added(index, item, pieces);
            done(index++, item, pieces);
        }
        end(response, pieces);
    }
}
