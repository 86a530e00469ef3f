package dev.sluice.format;

import dev.sluice.wire.Usage;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Reads Anthropic's messages. */
final class MessagesReader extends JsonReader {
    /** A tool call whose block is open. */
    private static final class Open {
        final int ordinal;
        final String given; // the input that stood at the block's start; others than Anthropic put all of it there
        boolean empty = true;

        Open(int ordinal, String given) {
            this.ordinal = ordinal;
            this.given = given;
        }
    }

    private final Map<Integer, Open> open = new HashMap<>();
    private final Counts counts = new Counts();
    private int calls;

    /** The counts of an answer up to now: each event may repeat some and leave others out. */
    static final class Counts {
        private long input;
        private long written;
        private long read;
        private long output;
        private long thinking;
        private long hourWritten;
        private Usage.Tier tier = Usage.Tier.STANDARD;

        /** @return whether the event had any */
        boolean take(JsonNode usage) {
            if (!usage.isObject()) {
                return false;
            }
            input = take(usage.path("input_tokens"), input);
            written = take(usage.path("cache_creation_input_tokens"), written);
            read = take(usage.path("cache_read_input_tokens"), read);
            output = take(usage.path("output_tokens"), output);
            thinking = take(usage.path("output_tokens_details").path("thinking_tokens"), thinking);
            hourWritten = take(usage.path("cache_creation").path("ephemeral_1h_input_tokens"), hourWritten);
            if (usage.has("service_tier")) {
                tier = Usage.Tier.of(usage.path("service_tier").asString(""));
            }
            return true;
        }

        private static long take(JsonNode now, long before) {
            return now.isNumber() ? now.asLong(before) : before;
        }

        Usage usage() {
            Usage.Kinds kinds = hourWritten == 0 ? Usage.Kinds.TEXT : new Usage.Kinds(hourWritten, 0, 0, 0, 0, 0);
            return new Usage(input + written + read, read, written, output, thinking, kinds, false).at(tier);
        }
    }

    @Override
    void event(String name, JsonNode event, Consumer<Piece> pieces) {
        int index = event.path("index").asInt(0);
        switch (event.path("type").asString(name)) {
            case "message_start" -> {
                pieces.accept(new Piece.Start(event.path("message").path("id").asString("")));
                spent(event.path("message").path("usage"), pieces);
            }
            case "content_block_start" -> begin(index, event.path("content_block"), pieces);
            case "content_block_delta" -> more(index, event.path("delta"), pieces);
            case "content_block_stop" -> close(index, pieces);
            case "message_delta" -> {
                stop(event.path("delta"), pieces);
                spent(event.path("usage"), pieces);
            }
            case "message_stop" -> last = true;
            case "error" -> pieces.accept(new Piece.Broken("an error event"));
            default -> {
                // pings, and what is newer than this
            }
        }
    }

    private void begin(int index, JsonNode block, Consumer<Piece> pieces) {
        switch (block.path("type").asString("")) {
            case "text" -> say(block.path("text").asString(""), pieces);
            case "thinking" -> think(block, pieces);
            case "redacted_thinking" -> pieces.accept(redacted(block));
            case "tool_use" -> {
                JsonNode input = block.path("input");
                Open call = new Open(calls++, input.isEmpty() ? "{}" : input.toString());
                open.put(index, call);
                pieces.accept(new Piece.CallStart(
                        call.ordinal,
                        block.path("id").asString(""),
                        block.path("name").asString("")));
            }
            default -> {
                // Anthropic's own tools: what they found is in the text
            }
        }
    }

    private void more(int index, JsonNode delta, Consumer<Piece> pieces) {
        switch (delta.path("type").asString("")) {
            case "text_delta" -> say(delta.path("text").asString(""), pieces);
            case "thinking_delta" -> think(delta, pieces);
            case "signature_delta" -> sign(delta, pieces);
            case "input_json_delta" -> {
                Open call = open.get(index);
                String json = delta.path("partial_json").asString("");
                if (call != null && !json.isEmpty()) {
                    call.empty = false;
                    pieces.accept(new Piece.Arguments(call.ordinal, json));
                }
            }
            default -> {
                // citations, and what is newer than this
            }
        }
    }

    private void close(int index, Consumer<Piece> pieces) {
        Open call = open.remove(index);
        if (call != null && call.empty) {
            pieces.accept(new Piece.Arguments(call.ordinal, call.given));
        }
    }

    private static void say(String text, Consumer<Piece> pieces) {
        if (!text.isEmpty()) {
            pieces.accept(new Piece.Text(text));
        }
    }

    private static void think(JsonNode block, Consumer<Piece> pieces) {
        String text = block.path("thinking").asString("");
        if (!text.isEmpty()) {
            pieces.accept(new Piece.Thinking(text));
        }
        sign(block, pieces);
    }

    private static void sign(JsonNode block, Consumer<Piece> pieces) {
        String signature = block.path("signature").asString("");
        if (!signature.isEmpty()) {
            pieces.accept(Signature.piece(signature, Signature.Maker.ANTHROPIC));
        }
    }

    private static Piece redacted(JsonNode block) {
        return new Piece.Redacted(Signature.read(block.path("data").asString(""), Signature.Maker.ANTHROPIC));
    }

    private void stop(JsonNode delta, Consumer<Piece> pieces) {
        String reason = delta.path("stop_reason").asString("");
        if (!reason.isEmpty()) {
            stopped = true;
            pieces.accept(new Piece.Stop(
                    switch (reason) {
                        case "max_tokens", "model_context_window_exceeded" -> Piece.Reason.LENGTH;
                        case "tool_use" -> Piece.Reason.TOOL_CALLS;
                        case "stop_sequence" -> Piece.Reason.STOP_SEQUENCE;
                        case "refusal" -> Piece.Reason.FILTERED;
                        default -> Piece.Reason.END;
                    },
                    delta.path("stop_sequence").asString(null)));
        }
    }

    static Usage usage(JsonNode node) {
        Counts counts = new Counts();
        counts.take(node);
        return counts.usage();
    }

    private void spent(JsonNode usage, Consumer<Piece> pieces) {
        if (counts.take(usage)) {
            pieces.accept(new Piece.Spent(counts.usage()));
        }
    }

    @Override
    void whole(JsonNode message, Consumer<Piece> pieces) {
        if (!message.path("content").isArray()) {
            pieces.accept(new Piece.Broken("an answer without content"));
            return;
        }
        pieces.accept(new Piece.Start(message.path("id").asString("")));
        int index = 0;
        for (JsonNode block : message.path("content")) {
            begin(index, block, pieces);
            close(index++, pieces);
        }
        stop(message, pieces);
        spent(message.path("usage"), pieces);
    }
}
