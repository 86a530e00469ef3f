package dev.sluice.format;

import dev.sluice.wire.Refusal;
import dev.sluice.wire.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes Google's generateContent. A function call is one part, so its arguments wait until all are there. */
final class GeminiWriter implements AnswerWriter {
    private final Heading heading;
    private final TreeMap<Integer, Pending> pending = new TreeMap<>();
    private Piece.Reason reason = Piece.Reason.END;
    private Usage usage = Usage.NONE;
    private @Nullable Signature forNextCall;

    private record Pending(Piece.CallStart call, @Nullable Signature signature, StringBuilder arguments) {}

    GeminiWriter(Heading heading) {
        this.heading = heading;
    }

    @Override
    public void write(Piece piece, Events to) {
        ObjectNode part = part(piece);
        if (part != null) {
            to.data(answer(Fields.array().add(part), false));
        }
    }

    private @Nullable ObjectNode part(Piece piece) {
        switch (piece) {
            case Piece.Text text -> {
                return Fields.object().put("text", text.text());
            }
            case Piece.Declined declined -> {
                return Fields.object().put("text", declined.text());
            }
            case Piece.Thinking thinking -> {
                return Fields.object().put("text", thinking.text()).put("thought", true);
            }
            case Piece.Sign sign -> {
                if (sign.signature().maker() == Signature.Maker.GOOGLE) {
                    forNextCall = sign.signature();
                    return null;
                }
                return signed(sign.signature().in(Signature.Maker.GOOGLE));
            }
            case Piece.CallStart call -> {
                pending.put(call.index(), new Pending(call, forNextCall, new StringBuilder()));
                forNextCall = null;
                return null;
            }
            case Piece.Arguments more -> {
                Pending call = pending.get(more.index());
                if (call != null) {
                    call.arguments.append(more.json());
                }
                return null;
            }
            case Piece.Stop stop -> reason = stop.reason();
            case Piece.Spent spent -> usage = spent.usage();
            case Piece.Redacted redacted -> {
                return signed(redacted.data().hiddenIn(Signature.Maker.GOOGLE));
            }
            case Piece.Start start -> {
                return null;
            }
            case Piece.Vector vector -> {
                return null;
            }
            case Piece.Broken broken -> {
                return null;
            }
        }
        return null;
    }

    /** A foreign signature stands on an empty thought, as Google's own do that belong to no other part. */
    private static ObjectNode signed(String mark) {
        return Fields.object().put("text", "").put("thought", true).put("thoughtSignature", mark);
    }

    private ArrayNode calls() {
        ArrayNode parts = Fields.array();
        for (Pending each : pending.values()) {
            ObjectNode part = parts.addObject();
            part.putObject("functionCall")
                    .put("id", each.call.id())
                    .put("name", each.call.name())
                    .set("args", Fields.arguments(each.arguments.toString()));
            Signature signature = each.signature;
            if (signature != null) {
                part.put("thoughtSignature", signature.in(Signature.Maker.GOOGLE));
            }
        }
        return parts;
    }

    private ObjectNode answer(ArrayNode parts, boolean last) {
        ObjectNode answer = Fields.object();
        ObjectNode candidate = answer.putArray("candidates").addObject();
        ObjectNode content = candidate.putObject("content");
        content.set("parts", parts);
        content.put("role", "model");
        if (last) {
            candidate.put(
                    "finishReason",
                    switch (reason) {
                        case END, STOP_SEQUENCE, TOOL_CALLS -> "STOP";
                        case LENGTH -> "MAX_TOKENS";
                        case FILTERED -> "SAFETY";
                    });
        }
        candidate.put("index", 0);
        if (last) {
            answer.set("usageMetadata", usage(usage));
        }
        return answer.put("modelVersion", heading.model()).put("responseId", heading.id());
    }

    private static ObjectNode usage(Usage usage) {
        ObjectNode node = Fields.object()
                .put("promptTokenCount", usage.prompt())
                .put("candidatesTokenCount", usage.completion() - usage.reasoning())
                .put("totalTokenCount", usage.total());
        if (usage.cached() > 0) {
            node.put("cachedContentTokenCount", usage.cached());
        }
        if (usage.reasoning() > 0) {
            node.put("thoughtsTokenCount", usage.reasoning());
        }
        Usage.Kinds kinds = usage.kinds();
        details(node, "promptTokensDetails", usage.prompt(), kinds.audioPrompt(), kinds.imagePrompt());
        details(node, "cacheTokensDetails", usage.cached(), kinds.audioCached(), 0);
        long said = usage.completion() - usage.reasoning();
        details(node, "candidatesTokensDetails", said, kinds.audioCompletion(), kinds.imageCompletion());
        return node;
    }

    /** Where all of it is text, nothing is said. */
    private static void details(ObjectNode usage, String name, long all, long audio, long images) {
        if (audio + images > 0) {
            ArrayNode details = usage.putArray(name);
            modality(details, "TEXT", Math.max(0, all - audio - images));
            modality(details, "AUDIO", audio);
            modality(details, "IMAGE", images);
        }
    }

    private static void modality(ArrayNode details, String modality, long tokens) {
        if (tokens > 0) {
            details.addObject().put("modality", modality).put("tokenCount", tokens);
        }
    }

    @Override
    public void end(Events to) {
        to.data(answer(calls(), true));
    }

    @Override
    public void broken(Refusal refusal, Events to) {
        to.data(error(refusal));
    }

    static ObjectNode error(Refusal refusal) {
        int status = refusal.reason().status;
        String word = switch (status) {
            case 400, 413, 415 -> "INVALID_ARGUMENT";
            case 401 -> "UNAUTHENTICATED";
            case 403 -> "PERMISSION_DENIED";
            case 404, 405 -> "NOT_FOUND";
            case 429 -> "RESOURCE_EXHAUSTED";
            case 503 -> "UNAVAILABLE";
            case 504 -> "DEADLINE_EXCEEDED";
            default -> "INTERNAL";
        };
        ObjectNode error = Fields.object()
                .put("code", status)
                .put("message", refusal.getMessage())
                .put("status", word);
        ObjectNode info = error.putArray("details")
                .addObject()
                .put("@type", "type.googleapis.com/google.rpc.ErrorInfo")
                .put("reason", refusal.reason().code)
                .put("domain", "sluice");
        if (refusal.param() != null) {
            info.putObject("metadata").put("field", refusal.param());
        }
        return Fields.object().set("error", error);
    }

    @Override
    public byte[] whole(List<Piece> pieces) {
        List<ObjectNode> parts = new ArrayList<>();
        for (Piece piece : pieces) {
            ObjectNode part = part(piece);
            if (part != null) {
                add(parts, part);
            }
        }
        ArrayNode all = Fields.array();
        parts.forEach(all::add);
        calls().forEach(all::add);
        return Fields.bytes(answer(all, true));
    }

    /** Text goes on where text of its kind went before. */
    private static void add(List<ObjectNode> parts, ObjectNode part) {
        ObjectNode last = parts.isEmpty() ? null : parts.getLast();
        boolean goesOn = last != null
                && last.has("thought") == part.has("thought")
                && !last.has("thoughtSignature")
                && last.has("text");
        if (goesOn && last != null) {
            last.put("text", last.path("text").asString("") + part.path("text").asString(""));
            if (part.has("thoughtSignature")) {
                last.set("thoughtSignature", part.path("thoughtSignature"));
            }
        } else {
            parts.add(part);
        }
    }
}
