package dev.sluice.format;

import dev.sluice.wire.Refusal;
import dev.sluice.wire.Usage;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes OpenAI's chat completions. Thinking is {@code reasoning_content}, as the field has it; its signature stands in
 * {@code thinking_blocks}, or in a tool call's {@code extra_content} where Google made it.
 */
final class ChatWriter implements AnswerWriter {
    private final Heading heading;
    private final Set<Integer> calls = new HashSet<>();
    private boolean started;
    private Piece.Reason reason = Piece.Reason.END;
    private Usage usage = Usage.NONE;
    private @Nullable Signature forNextCall;

    ChatWriter(Heading heading) {
        this.heading = heading;
    }

    @Override
    public void write(Piece piece, Events to) {
        if (piece instanceof Piece.Stop stop) {
            reason = stop.reason();
            return;
        }
        if (piece instanceof Piece.Spent spent) {
            usage = spent.usage();
            return;
        }
        if (!started) {
            started = true;
            to.data(chunk(Fields.object().put("role", "assistant").put("content", ""), null));
        }
        ObjectNode delta = delta(piece);
        if (delta != null) {
            to.data(chunk(delta, null));
        }
    }

    private @Nullable ObjectNode delta(Piece piece) {
        ObjectNode delta = Fields.object();
        switch (piece) {
            case Piece.Text text -> delta.put("content", text.text());
            case Piece.Thinking thinking -> delta.put("reasoning_content", thinking.text());
            case Piece.Declined declined -> delta.put("refusal", declined.text());
            case Piece.Sign sign -> {
                if (sign.signature().maker() == Signature.Maker.GOOGLE) {
                    forNextCall = sign.signature();
                    return null;
                }
                delta.putArray("thinking_blocks").add(signed("", sign.signature()));
            }
            case Piece.Redacted redacted -> delta.putArray("thinking_blocks").add(redacted(redacted.data()));
            case Piece.CallStart call -> {
                calls.add(call.index());
                delta.putArray("tool_calls").add(call(call).put("index", call.index()));
            }
            case Piece.Arguments arguments ->
                delta.putArray("tool_calls")
                        .addObject()
                        .put("index", arguments.index())
                        .set("function", Fields.object().put("arguments", arguments.json()));
            case Piece.Start start -> {
                return null;
            }
            case Piece.Stop stop -> {
                return null;
            }
            case Piece.Spent spent -> {
                return null;
            }
            case Piece.Vector vector -> {
                return null;
            }
            case Piece.Broken broken -> {
                return null;
            }
        }
        return delta;
    }

    private ObjectNode call(Piece.CallStart call) {
        ObjectNode node = call(call.id(), call.name(), "");
        if (forNextCall != null) {
            mark(node, forNextCall);
            forNextCall = null;
        }
        return node;
    }

    static ObjectNode call(String id, String name, String arguments) {
        ObjectNode node = Fields.object().put("id", id).put("type", "function");
        node.putObject("function").put("name", name).put("arguments", arguments);
        return node;
    }

    /** Where Google itself puts it. */
    static void mark(ObjectNode call, Signature signature) {
        call.putObject("extra_content").putObject("google").put("thought_signature", signature.value());
    }

    static ObjectNode signed(String thinking, Signature signature) {
        return Fields.object()
                .put("type", "thinking")
                .put("thinking", thinking)
                .put("signature", signature.in(Signature.Maker.ANTHROPIC));
    }

    static ObjectNode redacted(Signature data) {
        return Fields.object().put("type", "redacted_thinking").put("data", data.in(Signature.Maker.ANTHROPIC));
    }

    private ObjectNode chunk(ObjectNode delta, @Nullable String finish) {
        ObjectNode chunk = head("chat.completion.chunk");
        chunk.putArray("choices")
                .addObject()
                .put("index", 0)
                .<ObjectNode>set("delta", delta)
                .putNull("logprobs")
                .put("finish_reason", finish);
        if (heading.usageWanted()) {
            chunk.putNull("usage");
        }
        return chunk;
    }

    private ObjectNode head(String object) {
        return Fields.object()
                .put("id", "chatcmpl-" + heading.id())
                .put("object", object)
                .put("created", heading.createdSeconds())
                .put("model", heading.model());
    }

    private String finish(boolean called) {
        return switch (reason) {
            case END, STOP_SEQUENCE -> called ? "tool_calls" : "stop";
            case LENGTH -> "length";
            case TOOL_CALLS -> "tool_calls";
            case FILTERED -> "content_filter";
        };
    }

    @Override
    public void end(Events to) {
        if (!started) {
            write(new Piece.Start(""), to);
        }
        to.data(chunk(Fields.object(), finish(!calls.isEmpty())));
        if (heading.usageWanted()) {
            ObjectNode chunk = head("chat.completion.chunk");
            chunk.putArray("choices");
            chunk.set("usage", usage(usage));
            to.data(chunk);
        }
        to.raw("data: [DONE]\n\n");
    }

    static ObjectNode usage(Usage usage) {
        ObjectNode node = Fields.object()
                .put("prompt_tokens", usage.prompt())
                .put("completion_tokens", usage.completion())
                .put("total_tokens", usage.total());
        OpenAiUsage.details(
                usage, node.putObject("prompt_tokens_details"), node.putObject("completion_tokens_details"));
        return node;
    }

    @Override
    public void broken(Refusal refusal, Events to) {
        to.data(error(refusal));
    }

    static ObjectNode error(Refusal refusal) {
        ObjectNode error = Fields.object()
                .put("message", refusal.getMessage())
                .put("type", refusal.reason().type)
                .put("param", refusal.param())
                .put("code", refusal.reason().code);
        return Fields.object().set("error", error);
    }

    @Override
    public byte[] whole(List<Piece> pieces) {
        StringBuilder text = new StringBuilder();
        StringBuilder refusal = new StringBuilder();
        StringBuilder thoughts = new StringBuilder();
        StringBuilder block = new StringBuilder(); // of thinking that was not signed yet
        ArrayNode blocks = Fields.array();
        TreeMap<Integer, ObjectNode> called = new TreeMap<>();
        TreeMap<Integer, StringBuilder> arguments = new TreeMap<>();
        for (Piece piece : pieces) {
            switch (piece) {
                case Piece.Text said -> text.append(said.text());
                case Piece.Declined said -> refusal.append(said.text());
                case Piece.Thinking thought -> {
                    thoughts.append(thought.text());
                    block.append(thought.text());
                }
                case Piece.Sign sign -> {
                    if (sign.signature().maker() == Signature.Maker.GOOGLE) {
                        forNextCall = sign.signature();
                    } else {
                        blocks.add(signed(block.toString(), sign.signature()));
                        block.setLength(0);
                    }
                }
                case Piece.Redacted redacted -> blocks.add(redacted(redacted.data()));
                case Piece.CallStart call -> called.put(call.index(), call(call));
                case Piece.Arguments more ->
                    arguments
                            .computeIfAbsent(more.index(), each -> new StringBuilder())
                            .append(more.json());
                case Piece.Stop stop -> reason = stop.reason();
                case Piece.Spent spent -> usage = spent.usage();
                case Piece.Start start -> {
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
        ObjectNode message = Fields.object()
                .put("role", "assistant")
                .put("content", text.isEmpty() ? null : text.toString())
                .put("refusal", refusal.isEmpty() ? null : refusal.toString());
        if (!thoughts.isEmpty()) {
            message.put("reasoning_content", thoughts.toString());
        }
        if (!blocks.isEmpty()) {
            message.set("thinking_blocks", blocks);
        }
        if (!called.isEmpty()) {
            ArrayNode list = message.putArray("tool_calls");
            called.forEach((index, call) -> {
                StringBuilder json = arguments.get(index);
                ((ObjectNode) call.path("function")).put("arguments", json == null ? "{}" : json.toString());
                list.add(call);
            });
        }
        ObjectNode answer = head("chat.completion");
        answer.putArray("choices")
                .addObject()
                .put("index", 0)
                .<ObjectNode>set("message", message)
                .putNull("logprobs")
                .put("finish_reason", finish(!called.isEmpty()));
        answer.set("usage", usage(usage));
        return Fields.bytes(answer);
    }
}
