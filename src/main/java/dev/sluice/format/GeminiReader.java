package dev.sluice.format;

import dev.sluice.wire.Usage;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/**
 * Reads Google's generateContent. Each event of a stream is an answer of its own, with what is new; none says that it is
 * the last: the stream's end is the answer's end.
 */
final class GeminiReader extends JsonReader {
    private boolean started;
    private int calls;

    @Override
    void event(String name, JsonNode answer, Consumer<Piece> pieces) {
        take(answer, pieces);
    }

    @Override
    void whole(JsonNode answer, Consumer<Piece> pieces) {
        take(answer, pieces);
        if (!stopped) {
            pieces.accept(new Piece.Broken("an answer without a candidate"));
        }
    }

    private void take(JsonNode answer, Consumer<Piece> pieces) {
        if (Fields.given(answer.path("error")) || answer.path(0).has("error")) {
            pieces.accept(new Piece.Broken("an error"));
            return;
        }
        if (!started) {
            started = true;
            pieces.accept(new Piece.Start(answer.path("responseId").asString("")));
        }
        JsonNode candidate = answer.path("candidates").path(0);
        for (JsonNode part : candidate.path("content").path("parts")) {
            part(part, pieces);
        }
        String reason = candidate.path("finishReason").asString("");
        if (!reason.isEmpty() && !reason.equals("FINISH_REASON_UNSPECIFIED")) {
            stopped = true;
            pieces.accept(new Piece.Stop(reason(reason)));
        } else if (Fields.given(answer.path("promptFeedback").path("blockReason"))) {
            stopped = true;
            pieces.accept(new Piece.Stop(Piece.Reason.FILTERED));
        }
        JsonNode usage = answer.path("usageMetadata");
        if (usage.isObject()) {
            pieces.accept(new Piece.Spent(usage(usage)));
        }
    }

    private void part(JsonNode part, Consumer<Piece> pieces) {
        String text = part.path("text").asString("");
        boolean thought = part.path("thought").asBoolean(false);
        if (!text.isEmpty()) {
            pieces.accept(thought ? new Piece.Thinking(text) : new Piece.Text(text));
        }
        String mark = part.path("thoughtSignature").asString("");
        if (thought && !mark.isEmpty()) {
            pieces.accept(Signature.piece(mark, Signature.Maker.GOOGLE));
        }
        JsonNode call = part.path("functionCall");
        if (call.isObject()) {
            if (!mark.isEmpty()) {
                pieces.accept(Signature.piece(mark, Signature.Maker.GOOGLE));
            }
            String id = call.path("id").asString("");
            int index = calls++;
            pieces.accept(new Piece.CallStart(
                    index, id.isEmpty() ? Ids.call() : id, call.path("name").asString("")));
            JsonNode args = call.path("args");
            pieces.accept(new Piece.Arguments(index, args.isObject() ? args.toString() : "{}"));
        }
    }

    private static Piece.Reason reason(String word) {
        return switch (word) {
            case "MAX_TOKENS" -> Piece.Reason.LENGTH;
            case "SAFETY",
                    "RECITATION",
                    "LANGUAGE",
                    "BLOCKLIST",
                    "PROHIBITED_CONTENT",
                    "SPII",
                    "IMAGE_SAFETY",
                    "IMAGE_PROHIBITED_CONTENT",
                    "IMAGE_RECITATION" -> Piece.Reason.FILTERED;
            default -> Piece.Reason.END;
        };
    }

    /** Thoughts are counted beside the candidates; what older servers count in the total alone is thoughts, too. */
    static Usage usage(JsonNode node) {
        long prompt = Fields.count(node.path("promptTokenCount")) + Fields.count(node.path("toolUsePromptTokenCount"));
        long said = Fields.count(node.path("candidatesTokenCount"));
        long thoughts = Math.max(
                Fields.count(node.path("thoughtsTokenCount")),
                Fields.count(node.path("totalTokenCount")) - prompt - said);
        Usage.Kinds kinds = new Usage.Kinds(
                0,
                of("AUDIO", node.path("promptTokensDetails")),
                of("AUDIO", node.path("cacheTokensDetails")),
                of("IMAGE", node.path("promptTokensDetails")),
                of("AUDIO", node.path("candidatesTokensDetails")),
                of("IMAGE", node.path("candidatesTokensDetails")));
        return new Usage(
                prompt,
                Fields.count(node.path("cachedContentTokenCount")),
                0,
                said + Math.max(0, thoughts),
                Math.max(0, thoughts),
                kinds.equals(Usage.Kinds.TEXT) ? Usage.Kinds.TEXT : kinds,
                false);
    }

    private static long of(String modality, JsonNode details) {
        for (JsonNode each : details) {
            if (each.path("modality").asString("").equals(modality)) {
                return Fields.count(each.path("tokenCount"));
            }
        }
        return 0;
    }
}
