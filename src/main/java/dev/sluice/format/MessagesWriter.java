package dev.sluice.format;

import dev.sluice.wire.Refusal;
import dev.sluice.wire.Usage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes Anthropic's messages. Blocks come one after the other and each is open until the next begins; what comes while a
 * tool call's arguments are not complete waits for them ({@link InSequence}).
 */
final class MessagesWriter implements AnswerWriter {
    /** What kind of block is open. */
    private enum Block {
        NONE,
        TEXT,
        THINKING,
        TOOL
    }

    private final Heading heading;
    private final InSequence order = new InSequence();
    private boolean started;
    private boolean called;
    private Block open = Block.NONE;
    private int index = -1;
    private Piece.@Nullable Stop stop;
    private Usage usage = Usage.NONE;

    MessagesWriter(Heading heading) {
        this.heading = heading;
    }

    @Override
    public void write(Piece piece, Events to) {
        switch (piece) {
            case Piece.Stop reason -> stop = reason;
            case Piece.Spent spent -> usage = spent.usage();
            default -> order.take(piece, each -> show(each, to));
        }
    }

    private void show(Piece piece, Events to) {
        start(to);
        switch (piece) {
            case Piece.Text text -> {
                open(Block.TEXT, Fields.object().put("type", "text").put("text", ""), to);
                delta(Fields.object().put("type", "text_delta").put("text", text.text()), to);
            }
            case Piece.Declined declined -> show(new Piece.Text(declined.text()), to);
            case Piece.Thinking thinking -> {
                open(Block.THINKING, thinking(), to);
                delta(Fields.object().put("type", "thinking_delta").put("thinking", thinking.text()), to);
            }
            case Piece.Sign sign -> {
                open(Block.THINKING, thinking(), to);
                String signature = sign.signature().in(Signature.Maker.ANTHROPIC);
                delta(Fields.object().put("type", "signature_delta").put("signature", signature), to);
                close(to);
            }
            case Piece.Redacted redacted -> {
                close(to);
                begin(redacted(redacted), to);
                open = Block.TEXT;
                close(to);
            }
            case Piece.CallStart call -> {
                called = true;
                close(to);
                open = Block.TOOL;
                begin(tool(call), to);
            }
            case Piece.Arguments arguments ->
                delta(Fields.object().put("type", "input_json_delta").put("partial_json", arguments.json()), to);
            case Piece.Start begin -> {
                // it has begun
            }
            case Piece.Stop reason -> {
                // told at the end
            }
            case Piece.Spent spent -> {
                // told at the end
            }
            case Piece.Vector vector -> {
                // not of a conversation
            }
            case Piece.Broken broken -> {
                // whoever reads the answer deals with it
            }
        }
    }

    private static ObjectNode thinking() {
        return Fields.object().put("type", "thinking").put("thinking", "").put("signature", "");
    }

    private static ObjectNode tool(Piece.CallStart call) {
        return Fields.object()
                .put("type", "tool_use")
                .put("id", call.id())
                .put("name", call.name())
                .set("input", Fields.object());
    }

    private static ObjectNode redacted(Piece.Redacted redacted) {
        return Fields.object()
                .put("type", "redacted_thinking")
                .put("data", redacted.data().in(Signature.Maker.ANTHROPIC));
    }

    private void start(Events to) {
        if (!started) {
            started = true;
            ObjectNode message = head();
            message.putArray("content");
            message.putNull("stop_reason").putNull("stop_sequence");
            // Zero prompt tokens here would switch off what clients do when the context fills up.
            long prompt = usage.empty() ? heading.promptEstimate() : usage.prompt();
            message.set(
                    "usage",
                    usage(new Usage(prompt, usage.cached(), usage.cacheWrite(), 0, 0, false))
                            .put("output_tokens", 1));
            to.event(
                    "message_start",
                    Fields.object().put("type", "message_start").set("message", message));
        }
    }

    private ObjectNode head() {
        return Fields.object()
                .put("id", "msg_" + heading.id())
                .put("type", "message")
                .put("role", "assistant")
                .put("model", heading.model());
    }

    private void open(Block kind, ObjectNode block, Events to) {
        if (open != kind) {
            close(to);
            open = kind;
            begin(block, to);
        }
    }

    private void begin(ObjectNode block, Events to) {
        index++;
        to.event(
                "content_block_start",
                Fields.object()
                        .put("type", "content_block_start")
                        .put("index", index)
                        .set("content_block", block));
    }

    private void delta(ObjectNode delta, Events to) {
        to.event(
                "content_block_delta",
                Fields.object()
                        .put("type", "content_block_delta")
                        .put("index", index)
                        .set("delta", delta));
    }

    private void close(Events to) {
        if (open != Block.NONE) {
            open = Block.NONE;
            to.event(
                    "content_block_stop",
                    Fields.object().put("type", "content_block_stop").put("index", index));
        }
    }

    @Override
    public void end(Events to) {
        start(to);
        order.rest(each -> show(each, to));
        close(to);
        ObjectNode event = Fields.object().put("type", "message_delta");
        event.set("delta", ending(Fields.object()));
        event.set("usage", usage(usage));
        to.event("message_delta", event);
        to.event("message_stop", Fields.object().put("type", "message_stop"));
    }

    private ObjectNode ending(ObjectNode into) {
        Piece.Reason reason = stop == null ? Piece.Reason.END : stop.reason();
        String word = switch (reason) {
            case END -> called ? "tool_use" : "end_turn";
            case STOP_SEQUENCE -> "stop_sequence";
            case LENGTH -> "max_tokens";
            case TOOL_CALLS -> "tool_use";
            case FILTERED -> "refusal";
        };
        return into.put("stop_reason", word).put("stop_sequence", stop == null ? null : stop.sequence());
    }

    private static ObjectNode usage(Usage usage) {
        ObjectNode node = Fields.object()
                .put("input_tokens", usage.prompt() - usage.cached() - usage.cacheWrite())
                .put("cache_creation_input_tokens", usage.cacheWrite())
                .put("cache_read_input_tokens", usage.cached());
        long hour = usage.kinds().hourWrite();
        if (hour > 0) {
            node.putObject("cache_creation")
                    .put("ephemeral_5m_input_tokens", usage.cacheWrite() - hour)
                    .put("ephemeral_1h_input_tokens", hour);
        }
        node.put("output_tokens", usage.completion());
        if (usage.reasoning() > 0) {
            node.putObject("output_tokens_details").put("thinking_tokens", usage.reasoning());
        }
        return node;
    }

    @Override
    public void broken(Refusal refusal, Events to) {
        to.event("error", error(refusal, heading.id()));
    }

    static ObjectNode error(Refusal refusal, String requestId) {
        String type = switch (refusal.reason().status) {
            case 401 -> "authentication_error";
            case 403 -> "permission_error";
            case 404, 405 -> "not_found_error";
            case 413 -> "request_too_large";
            case 429 -> "rate_limit_error";
            case 503 -> "overloaded_error";
            case 504 -> "timeout_error";
            default -> refusal.reason().status < 500 ? "invalid_request_error" : "api_error";
        };
        ObjectNode error = Fields.object()
                .put("type", type)
                .put("message", refusal.getMessage())
                .put("param", refusal.param())
                .put("code", refusal.reason().code);
        return Fields.object()
                .put("type", "error")
                .<ObjectNode>set("error", error)
                .put("request_id", requestId);
    }

    @Override
    public byte[] whole(List<Piece> pieces) {
        List<ObjectNode> blocks = new ArrayList<>();
        List<StringBuilder> arguments = new ArrayList<>();
        List<ObjectNode> tools = new ArrayList<>();
        for (Piece piece : pieces) {
            switch (piece) {
                case Piece.Text text -> append(blocks, "text", "text", text.text());
                case Piece.Declined declined -> append(blocks, "text", "text", declined.text());
                case Piece.Thinking thinking -> append(blocks, "thinking", "thinking", thinking.text());
                case Piece.Sign sign -> {
                    append(blocks, "thinking", "thinking", "");
                    blocks.getLast().put("signature", sign.signature().in(Signature.Maker.ANTHROPIC));
                }
                case Piece.Redacted redacted -> blocks.add(redacted(redacted));
                case Piece.CallStart call -> {
                    called = true;
                    blocks.add(tool(call));
                    tools.add(blocks.getLast());
                    arguments.add(new StringBuilder());
                }
                case Piece.Arguments more -> arguments.get(more.index()).append(more.json());
                case Piece.Stop reason -> stop = reason;
                case Piece.Spent spent -> usage = spent.usage();
                case Piece.Start begin -> {
                    // the heading says it
                }
                case Piece.Vector vector -> {
                    // not of a conversation
                }
                case Piece.Broken broken -> {
                    // whoever reads the answer deals with it
                }
            }
        }
        for (int i = 0; i < tools.size(); i++) {
            tools.get(i).set("input", Fields.arguments(arguments.get(i).toString()));
        }
        ObjectNode message = head();
        ArrayNode content = message.putArray("content");
        blocks.forEach(content::add);
        ending(message);
        message.set("usage", usage(usage));
        return Fields.bytes(message);
    }

    /** Goes on with the last block where it is of that kind and not signed yet, else begins one. */
    private static void append(List<ObjectNode> blocks, String type, String field, String text) {
        ObjectNode last = blocks.isEmpty() ? null : blocks.getLast();
        boolean goesOn = last != null
                && last.path("type").asString("").equals(type)
                && last.path("signature").asString("").isEmpty();
        if (!goesOn || last == null) {
            last = Fields.object().put("type", type).put(field, "");
            if (type.equals("thinking")) {
                last.put("signature", "");
            }
            blocks.add(last);
        }
        last.put(field, last.path(field).asString("") + text);
    }
}
