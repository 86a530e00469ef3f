package dev.sluice.format;

import dev.sluice.wire.Refusal;
import dev.sluice.wire.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes OpenAI's responses. The last event repeats the whole answer, so the form itself makes its text be held until
 * then.
 */
final class ResponsesWriter implements AnswerWriter {
    /** Something the answer puts out, as far as it has come. */
    private static final class Item {
        final String kind; // message, refusal, reasoning, function_call
        final String id;
        final int index;
        final StringBuilder text = new StringBuilder();
        String callId = "";
        String name = "";

        @Nullable
        String encrypted;

        Item(String kind, String id, int index) {
            this.kind = kind;
            this.id = id;
            this.index = index;
        }
    }

    private final Heading heading;
    private final List<Item> items = new ArrayList<>();
    private final TreeMap<Integer, Item> openCalls = new TreeMap<>();
    private @Nullable Item open; // a message or reasoning
    private boolean started;
    private long sequence;
    private Piece.Reason reason = Piece.Reason.END;
    private Usage usage = Usage.NONE;

    ResponsesWriter(Heading heading) {
        this.heading = heading;
    }

    private ObjectNode event(String type) {
        return Fields.object().put("type", type).put("sequence_number", sequence++);
    }

    private static void send(ObjectNode event, Events to) {
        to.event(event.path("type").asString(), event);
    }

    @Override
    public void write(Piece piece, Events to) {
        switch (piece) {
            case Piece.Stop stop -> reason = stop.reason();
            case Piece.Spent spent -> usage = spent.usage();
            case Piece.Start start -> start(to);
            case Piece.Text text -> say(text.text(), "message", to);
            case Piece.Declined declined -> say(declined.text(), "refusal", to);
            case Piece.Thinking thinking -> {
                Item item = open("reasoning", to);
                item.text.append(thinking.text());
                send(
                        of(item, "response.reasoning_summary_text.delta")
                                .put("summary_index", 0)
                                .put("delta", thinking.text()),
                        to);
            }
            case Piece.Sign sign -> encrypted(sign.signature().in(Signature.Maker.OPENAI), to);
            case Piece.Redacted redacted -> {
                close(to);
                encrypted(redacted.data().hiddenIn(Signature.Maker.OPENAI), to);
            }
            case Piece.CallStart call -> {
                start(to);
                close(to);
                Item item = new Item("function_call", "fc_" + heading.id() + items.size(), items.size());
                item.callId = call.id();
                item.name = call.name();
                items.add(item);
                openCalls.put(call.index(), item);
                added(item, to);
            }
            case Piece.Arguments more -> {
                Item item = openCalls.get(more.index());
                if (item != null) {
                    item.text.append(more.json());
                    send(of(item, "response.function_call_arguments.delta").put("delta", more.json()), to);
                }
            }
            case Piece.Vector vector -> {
                // not of a conversation
            }
            case Piece.Broken broken -> {
                // whoever reads the answer deals with it
            }
        }
    }

    private void encrypted(String content, Events to) {
        open("reasoning", to).encrypted = content;
        close(to);
    }

    private void say(String text, String kind, Events to) {
        Item item = open(kind, to);
        item.text.append(text);
        boolean message = kind.equals("message");
        ObjectNode event = of(item, message ? "response.output_text.delta" : "response.refusal.delta")
                .put("content_index", 0)
                .put("delta", text);
        if (message) {
            event.putArray("logprobs");
        }
        send(event, to);
    }

    private ObjectNode of(Item item, String type) {
        return event(type).put("item_id", item.id).put("output_index", item.index);
    }

    private void start(Events to) {
        if (!started) {
            started = true;
            send(event("response.created").set("response", response("in_progress")), to);
            send(event("response.in_progress").set("response", response("in_progress")), to);
        }
    }

    private Item open(String kind, Events to) {
        start(to);
        Item now = open;
        if (now != null && now.kind.equals(kind)) {
            return now;
        }
        close(to);
        String prefix = kind.equals("reasoning") ? "rs_" : "msg_";
        Item item = new Item(kind, prefix + heading.id() + items.size(), items.size());
        items.add(item);
        open = item;
        added(item, to);
        if (kind.equals("reasoning")) {
            send(
                    of(item, "response.reasoning_summary_part.added")
                            .put("summary_index", 0)
                            .set("part", summary("")),
                    to);
        } else {
            send(of(item, "response.content_part.added").put("content_index", 0).set("part", part(item, false)), to);
        }
        return item;
    }

    private void added(Item item, Events to) {
        send(
                event("response.output_item.added")
                        .put("output_index", item.index)
                        .set("item", node(item, "in_progress", false)),
                to);
    }

    /** Ends what is open, but for tool calls: those end with the answer. */
    private void close(Events to) {
        Item item = open;
        open = null;
        if (item == null) {
            return;
        }
        String text = item.text.toString();
        switch (item.kind) {
            case "reasoning" -> {
                send(
                        of(item, "response.reasoning_summary_text.done")
                                .put("summary_index", 0)
                                .put("text", text),
                        to);
                send(
                        of(item, "response.reasoning_summary_part.done")
                                .put("summary_index", 0)
                                .set("part", summary(text)),
                        to);
            }
            case "refusal" -> {
                send(of(item, "response.refusal.done").put("content_index", 0).put("refusal", text), to);
                send(
                        of(item, "response.content_part.done")
                                .put("content_index", 0)
                                .set("part", part(item, true)),
                        to);
            }
            default -> {
                ObjectNode done = of(item, "response.output_text.done")
                        .put("content_index", 0)
                        .put("text", text);
                done.putArray("logprobs");
                send(done, to);
                send(
                        of(item, "response.content_part.done")
                                .put("content_index", 0)
                                .set("part", part(item, true)),
                        to);
            }
        }
        done(item, to);
    }

    private void done(Item item, Events to) {
        send(
                event("response.output_item.done")
                        .put("output_index", item.index)
                        .set("item", node(item, status(), true)),
                to);
    }

    private String status() {
        return switch (reason) {
            case END, STOP_SEQUENCE, TOOL_CALLS -> "completed";
            case LENGTH, FILTERED -> "incomplete";
        };
    }

    private static ObjectNode summary(String text) {
        return Fields.object().put("type", "summary_text").put("text", text);
    }

    private static ObjectNode part(Item item, boolean whole) {
        String text = whole ? item.text.toString() : "";
        if (item.kind.equals("refusal")) {
            return Fields.object().put("type", "refusal").put("refusal", text);
        }
        ObjectNode part = Fields.object().put("type", "output_text").put("text", text);
        part.putArray("annotations");
        part.putArray("logprobs");
        return part;
    }

    private static ObjectNode node(Item item, String status, boolean whole) {
        ObjectNode node = Fields.object().put("id", item.id);
        switch (item.kind) {
            case "function_call" -> {
                String json = item.text.isEmpty() ? "{}" : item.text.toString();
                node.put("type", "function_call")
                        .put("status", status)
                        .put("call_id", item.callId)
                        .put("name", item.name)
                        .put("arguments", whole ? json : "");
            }
            case "reasoning" -> {
                node.put("type", "reasoning");
                ArrayNode summary = node.putArray("summary");
                if (whole && !item.text.isEmpty()) {
                    summary.add(summary(item.text.toString()));
                }
                if (item.encrypted != null) {
                    node.put("encrypted_content", item.encrypted);
                }
            }
            default -> {
                node.put("type", "message").put("status", status).put("role", "assistant");
                ArrayNode content = node.putArray("content");
                if (whole) {
                    content.add(part(item, true));
                }
            }
        }
        return node;
    }

    private ObjectNode response(String status) {
        ObjectNode response = Fields.object()
                .put("id", "resp_" + heading.id())
                .put("object", "response")
                .put("created_at", heading.createdSeconds())
                .put("status", status)
                .put("background", false)
                .putNull("error");
        response.putNull("incomplete_details");
        if (status.equals("incomplete")) {
            response.putObject("incomplete_details")
                    .put("reason", reason == Piece.Reason.FILTERED ? "content_filter" : "max_output_tokens");
        }
        response.put("model", heading.model());
        ResponsesForm.echo(heading.question(), response);
        ArrayNode output = response.putArray("output");
        if (status.equals("in_progress")) {
            response.putNull("usage");
            return response;
        }
        items.forEach(item -> output.add(node(item, status, true)));
        response.set("usage", usage());
        return response;
    }

    private ObjectNode usage() {
        ObjectNode node = Fields.object().put("input_tokens", usage.prompt());
        ObjectNode prompt = node.putObject("input_tokens_details");
        node.put("output_tokens", usage.completion());
        OpenAiUsage.details(usage, prompt, node.putObject("output_tokens_details"));
        return node.put("total_tokens", usage.total());
    }

    @Override
    public void end(Events to) {
        start(to);
        close(to);
        for (Item call : openCalls.values()) {
            send(
                    of(call, "response.function_call_arguments.done")
                            .put("name", call.name)
                            .put("arguments", call.text.isEmpty() ? "{}" : call.text.toString()),
                    to);
            done(call, to);
        }
        send(event("response." + status()).set("response", response(status())), to);
    }

    @Override
    public void broken(Refusal refusal, Events to) {
        ObjectNode response = response("failed");
        response.putObject("error").put("code", refusal.reason().code).put("message", refusal.getMessage());
        response.putNull("usage");
        send(event("response.failed").set("response", response), to);
    }

    @Override
    public byte[] whole(List<Piece> pieces) {
        Events unseen = new Events();
        for (Piece piece : pieces) {
            write(piece, unseen);
            unseen.taken();
        }
        return Fields.bytes(response(status()));
    }
}
