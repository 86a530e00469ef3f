package dev.sluice.format;

import dev.sluice.format.Conversation.Media;
import dev.sluice.format.Conversation.Output;
import dev.sluice.format.Conversation.Part;
import dev.sluice.format.Conversation.Reasoning;
import dev.sluice.format.Conversation.Role;
import dev.sluice.format.Conversation.Sampling;
import dev.sluice.format.Conversation.Tool;
import dev.sluice.format.Conversation.ToolChoice;
import dev.sluice.wire.Usage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What could be asked and answered, in neutral words: by chance, and the same for the same seed. */
final class Chance {
    private static final List<String> WORDS = List.of(
            "What",
            "is",
            "thé",
            "天気",
            "😀",
            "\"so\"",
            "a\\b",
            "\n",
            "data: [DONE]",
            "\n\nevent: x",
            "\r\n",
            "{}",
            "<b>",
            "\t",
            "\u2028",
            "Error:",
            "1e400");
    private static final List<String> NAMES =
            List.of("get_time", "get.time!", "get_time_", "9lives", "wie_spät", "t".repeat(80), "f");
    private static final List<String> IDS =
            List.of("call_", "toolu_", "functions.f:", "functions_f_", "functions.f.", "ü" + "x".repeat(70));

    private final Random random;
    private final Set<String> ids = new HashSet<>();
    private int made;

    Chance(long seed) {
        random = new Random(seed);
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    boolean once(int in) {
        return random.nextInt(in) == 0;
    }

    <T> T of(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    private @Nullable Boolean perhaps() {
        return once(2) ? null : Boolean.valueOf(random.nextBoolean());
    }

    private <T> @Nullable T perhaps(T value) {
        return once(2) ? null : value;
    }

    String text() {
        StringBuilder text = new StringBuilder(once(8) ? " " : "").append((char) ('a' + below(26)));
        for (int i = below(4); i > 0; i--) {
            text.append(' ').append(of(WORDS));
        }
        return text.toString();
    }

    ObjectNode json(int depth) {
        ObjectNode object = Fields.object();
        for (int i = below(4); i > 0; i--) {
            String name = of(List.of("zone", "n", "ü", "deep", "list", "a b"));
            switch (below(depth > 0 ? 7 : 5)) {
                case 0 -> object.put(name, text());
                case 1 -> object.put(name, below(1_000) - 500);
                case 2 -> object.put(name, random.nextBoolean());
                case 3 -> object.putNull(name);
                case 4 -> object.set(name, tree(of(List.of("1.50", "0.1", "12345678901234567890"))));
                case 5 -> object.set(name, json(depth - 1));
                default ->
                    object.putArray(name).add(text()).add(json(depth - 1)).add(below(9));
            }
        }
        return object;
    }

    static JsonNode tree(String json) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        return Fields.tree(bytes, 0, bytes.length);
    }

    /** In words that all forms have. */
    private ObjectNode schema(int depth) {
        ObjectNode schema = Fields.object().put("type", "object");
        ObjectNode properties = schema.putObject("properties");
        for (int i = 0; i <= below(3); i++) {
            ObjectNode property = depth > 0 && once(3)
                    ? schema(depth - 1)
                    : Fields.object().put("type", of(List.of("string", "integer", "boolean")));
            if (once(3)) {
                property.put("description", text());
            }
            properties.set(
                    of(List.of("zone", "type", "items", "properties", "ü")), once(4) ? list(property) : property);
        }
        if (once(2)) {
            ArrayNode required = schema.putArray("required");
            properties.propertyNames().forEach(required::add);
        }
        return schema;
    }

    private static ObjectNode list(ObjectNode of) {
        return Fields.object().put("type", "array").set("items", of);
    }

    private Media bytes(String type) {
        byte[] bytes = new byte[1 + below(20)];
        random.nextBytes(bytes);
        return new Media(type, Base64.getEncoder().encodeToString(bytes), null);
    }

    private Part seen() {
        return switch (below(8)) {
            case 0 -> new Part.Image(new Media(null, null, "https://pictures.example/a.png"));
            case 1 -> new Part.Document(bytes("application/pdf"), perhaps("Report.pdf"));
            case 2 ->
                new Part.Document(
                        new Media(
                                "text/plain",
                                Base64.getEncoder().encodeToString(text().getBytes(StandardCharsets.UTF_8)),
                                null),
                        perhaps("Notes"));
            case 3 ->
                once(2)
                        ? new Part.Image(bytes("image/gif"))
                        : new Part.Document(new Media(null, null, "https://papers.example/a.pdf"), null);
            case 4 ->
                new Part.Audio(bytes(of(List.of("audio/wav", "audio/mp3", "audio/mpeg", "audio/x-wav", "audio/ogg"))));
            default -> new Part.Image(bytes(of(List.of("image/png", "image/jpeg", "image/webp"))));
        };
    }

    private Part.Text said() {
        return new Part.Text(text(), once(6));
    }

    private Signature mark(Signature.Maker maker) {
        byte[] bytes = new byte[6 + below(30)];
        random.nextBytes(bytes);
        return new Signature(maker, Base64.getEncoder().encodeToString(bytes));
    }

    private String id() {
        String id = of(IDS) + below(3);
        while (!ids.add(id)) {
            id = of(IDS) + made++;
        }
        return id;
    }

    Conversation conversation() {
        List<Tool> tools = new ArrayList<>();
        for (String name : NAMES) {
            if (once(3)) {
                tools.add(new Tool(name, perhaps(text()), once(3) ? null : schema(2), perhaps(), once(6)));
            }
        }
        Collections.shuffle(tools, random);
        List<Part.Text> system = new ArrayList<>();
        for (int i = below(3); i > 0; i--) {
            system.add(said());
        }
        List<String> stop = new ArrayList<>();
        for (int i = once(2) ? 0 : below(7); i > 0; i--) {
            stop.add(text());
        }
        return new Conversation(
                system,
                turns(),
                tools,
                choice(tools),
                !once(3),
                output(),
                once(2) ? null : Long.valueOf(1 + below(50_000)),
                new Sampling(
                        perhaps(below(21) / 10.0),
                        perhaps(below(11) / 10.0),
                        perhaps((long) below(100)),
                        perhaps(below(41) / 10.0 - 2),
                        perhaps(below(41) / 10.0 - 2),
                        perhaps((long) below(1_000_000))),
                stop,
                reasoning(),
                random.nextBoolean(),
                perhaps("user-" + below(9)));
    }

    private ToolChoice choice(List<Tool> tools) {
        return switch (below(5)) {
            case 0 -> new ToolChoice(ToolChoice.Mode.NONE, null);
            case 1 -> new ToolChoice(ToolChoice.Mode.REQUIRED, null);
            case 2 ->
                tools.isEmpty()
                        ? ToolChoice.AUTO
                        : new ToolChoice(ToolChoice.Mode.REQUIRED, of(tools).name());
            default -> new ToolChoice(ToolChoice.Mode.AUTO, null);
        };
    }

    private Output output() {
        return switch (below(5)) {
            case 0 -> new Output(true, null, null, null);
            case 1 -> new Output(true, schema(2), perhaps("reply"), perhaps());
            default -> Output.TEXT;
        };
    }

    private Reasoning reasoning() {
        return switch (below(4)) {
            case 0 -> new Reasoning(of(List.of(Reasoning.Effort.values())), null);
            case 1 -> new Reasoning(null, (long) below(50_000));
            default -> Reasoning.UNSET;
        };
    }

    private List<Conversation.Turn> turns() {
        Conversation.Turns turns = new Conversation.Turns();
        if (once(10)) {
            turns.say(Role.ASSISTANT, said());
        }
        for (int round = below(3); round >= 0; round--) {
            for (int i = below(3); i >= 0; i--) {
                turns.say(Role.USER, once(4) ? seen() : said());
            }
            if (round > 0 || once(4)) {
                answer(turns);
            }
        }
        return turns.all();
    }

    private void answer(Conversation.Turns turns) {
        List<Part.Call> calls = new ArrayList<>();
        for (int i = below(5); i >= 0; i--) {
            switch (below(6)) {
                case 0 ->
                    turns.say(Role.ASSISTANT, new Part.Thinking(text(), perhaps(mark(Signature.Maker.ANTHROPIC))));
                case 1 ->
                    turns.say(
                            Role.ASSISTANT,
                            once(3)
                                    ? new Part.Redacted(mark(Signature.Maker.ANTHROPIC))
                                    : new Part.Thinking(once(2) ? "" : text(), mark(Signature.Maker.OPENAI)));
                case 2 -> turns.say(Role.ASSISTANT, said());
                case 3 -> {
                    turns.say(Role.ASSISTANT, new Part.Thinking("", mark(Signature.Maker.GOOGLE)));
                    calls.add(call(turns));
                }
                default -> calls.add(call(turns));
            }
        }
        Collections.shuffle(calls, random);
        for (Part.Call call : calls) {
            if (once(5)) {
                turns.say(Role.USER, said());
            }
            List<Part> content = new ArrayList<>();
            for (int i = below(3); i > 0; i--) {
                content.add(
                        once(4)
                                ? seen()
                                : once(3)
                                        ? new Part.Text(
                                                once(3)
                                                        ? of(List.of("{\"output\":\"x\"}", "{\"error\":\"x\"}"))
                                                        : json(1).toString())
                                        : said());
            }
            turns.say(Role.USER, new Part.Result(call.id(), call.name(), content, once(5)));
        }
    }

    private Part.Call call(Conversation.Turns turns) {
        Part.Call call = new Part.Call(id(), of(NAMES), json(2).toString());
        turns.say(Role.ASSISTANT, call);
        return call;
    }

    Texts texts() {
        List<String> texts = new ArrayList<>();
        for (int i = once(2) ? 0 : below(4); i >= 0; i--) {
            texts.add(text());
        }
        return new Texts(
                texts,
                perhaps((long) 1 + below(3_000)),
                perhaps("RETRIEVAL_QUERY"),
                perhaps("A title"),
                random.nextBoolean());
    }

    /** An answer as a reader tells it: what is said in pieces, why it ended, what it used. */
    List<Piece> answer() {
        List<Piece> pieces = new ArrayList<>();
        pieces.add(new Piece.Start("id" + made++));
        int calls = 0;
        for (int i = below(6); i > 0; i--) {
            switch (below(8)) {
                case 0, 1 -> {
                    for (int n = below(3); n >= 0; n--) {
                        pieces.add(new Piece.Thinking(text()));
                    }
                    if (once(2)) {
                        pieces.add(
                                new Piece.Sign(mark(of(List.of(Signature.Maker.ANTHROPIC, Signature.Maker.OPENAI)))));
                    }
                }
                case 2 -> pieces.add(new Piece.Redacted(mark(Signature.Maker.ANTHROPIC)));
                case 3 -> pieces.add(new Piece.Declined(text()));
                case 4, 5 -> {
                    for (int n = below(3); n >= 0; n--) {
                        pieces.add(new Piece.Text(text()));
                    }
                }
                default -> calls = calls(calls, pieces);
            }
        }
        Piece.Reason reason = of(List.of(Piece.Reason.values()));
        if (reason == Piece.Reason.TOOL_CALLS && calls == 0) {
            reason = Piece.Reason.END;
        }
        pieces.add(new Piece.Stop(reason, reason == Piece.Reason.STOP_SEQUENCE ? text() : null));
        pieces.add(new Piece.Spent(usage()));
        return pieces;
    }

    /** One call or some, their arguments in pieces, now and then interleaved. */
    private int calls(int from, List<Piece> pieces) {
        int to = from + 1 + below(3);
        List<List<Piece>> each = new ArrayList<>();
        for (int index = from; index < to; index++) {
            List<Piece> call = new ArrayList<>();
            if (once(3)) {
                pieces.add(new Piece.Sign(mark(Signature.Maker.GOOGLE)));
            }
            pieces.add(new Piece.CallStart(index, id(), of(NAMES)));
            String json = json(2).toString();
            for (int at = 0; at < json.length(); ) {
                int end = Math.min(json.length(), at + 1 + below(12));
                end += Character.isHighSurrogate(json.charAt(end - 1)) ? 1 : 0;
                call.add(new Piece.Arguments(index, json.substring(at, end)));
                at = end;
            }
            if (once(2)) {
                pieces.addAll(call);
            } else {
                each.add(call);
            }
        }
        while (!each.isEmpty()) {
            List<Piece> call = of(each);
            pieces.add(call.removeFirst());
            if (call.isEmpty()) {
                each.remove(call);
            }
        }
        return to;
    }

    private Usage usage() {
        Usage.Kinds kinds = once(2)
                ? Usage.Kinds.TEXT
                : new Usage.Kinds(below(20), below(40), below(10), below(40), below(40), below(40));
        return new Usage(1 + below(500), below(100), below(100), 1 + below(500), below(100), kinds, false);
    }

    List<Piece> vectors(int count) {
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            float[] values = new float[1 + below(8)];
            for (int n = 0; n < values.length; n++) {
                values[n] = (random.nextFloat() - 0.5f) * (once(4) ? 1e-20f : 2);
            }
            pieces.add(new Piece.Vector(values));
        }
        return pieces;
    }
}
