package dev.sluice.format;

import dev.sluice.format.Conversation.Media;
import dev.sluice.format.Conversation.Output;
import dev.sluice.format.Conversation.Part;
import dev.sluice.format.Conversation.Reasoning;
import dev.sluice.format.Conversation.Reasoning.Effort;
import dev.sluice.format.Conversation.Role;
import dev.sluice.format.Conversation.Sampling;
import dev.sluice.format.Conversation.Tool;
import dev.sluice.format.Conversation.ToolChoice;
import dev.sluice.format.Conversation.Turn;
import dev.sluice.wire.Usage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What each form keeps of neutral words, as {@code docs/relay-api.md} says it. Everything else must come back as it was. */
final class Kept {
    private Kept() {}

    // Questions

    /** Whether the form has a word for all of it that must not be left out. */
    static boolean sayable(Conversation asked, Format format) {
        for (Turn turn : asked.turns()) {
            for (Part part : turn.parts()) {
                if (!sayable(part, format)
                        || part instanceof Part.Result result
                                && result.content().stream().anyMatch(shown -> !sayable(shown, format))) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean sayable(Part part, Format format) {
        return switch (part) {
            case Part.Audio audio ->
                format == Format.GEMINI
                        || format != Format.MESSAGES
                                && !String.valueOf(audio.media().type()).equals("audio/ogg");
            case Part.Image image -> format != Format.GEMINI || image.media().url() == null;
            case Part.Document document ->
                format == Format.RESPONSES
                        || format == Format.MESSAGES
                        || document.media().url() == null;
            default -> true;
        };
    }

    static Conversation of(Conversation asked, Format format, String model) {
        boolean tools = !asked.tools().isEmpty();
        ToolChoice choice = tools ? asked.toolChoice() : ToolChoice.AUTO;
        boolean parallel = asked.parallelTools()
                || !tools
                || format == Format.GEMINI
                || format == Format.MESSAGES && choice.mode() == ToolChoice.Mode.NONE;
        Reasoning reasoning = reasoning(asked, format, model);
        return new Conversation(
                system(asked, format),
                turns(asked, format),
                asked.tools().stream().map(tool -> tool(tool, format)).toList(),
                choice,
                parallel,
                output(asked.output(), format),
                maxTokens(asked, format, reasoning),
                sampling(asked.sampling(), format, model, reasoning),
                switch (format) {
                    case CHAT -> asked.stop().stream().limit(4).toList();
                    case RESPONSES -> List.of();
                    case GEMINI -> asked.stop().stream().limit(5).toList();
                    default -> asked.stop();
                },
                reasoning,
                asked.stream(),
                format == Format.CHAT || format == Format.RESPONSES ? asked.user() : null);
    }

    private static List<Part.Text> system(Conversation asked, Format format) {
        List<Part.Text> system = new ArrayList<>();
        if (format == Format.CHAT || format == Format.RESPONSES) {
            String all = String.join(
                    "\n\n", asked.system().stream().map(Part.Text::text).toList());
            return all.isEmpty() ? List.of() : List.of(new Part.Text(all));
        }
        asked.system().forEach(text -> system.add(text(text, format)));
        if (format == Format.MESSAGES && asked.output().json() && asked.output().schema() == null) {
            system.add(new Part.Text("Answer with one JSON object and nothing else."));
        }
        return system;
    }

    private static Part.Text text(Part.Text text, Format format) {
        return new Part.Text(text.text(), text.cached() && format == Format.MESSAGES);
    }

    private static Tool tool(Tool tool, Format format) {
        ObjectNode schema = tool.schema();
        ObjectNode none = format == Format.GEMINI ? null : ChatForm.noArguments();
        Boolean strict = switch (format) {
            case CHAT -> tool.strict();
            case RESPONSES -> Boolean.TRUE.equals(tool.strict());
            case MESSAGES -> Boolean.TRUE.equals(tool.strict()) ? true : null;
            default -> null;
        };
        return new Tool(
                tool.name(),
                tool.description(),
                schema == null ? none : schema,
                strict,
                tool.cached() && format == Format.MESSAGES);
    }

    private static Output output(Output output, Format format) {
        JsonNode schema = output.schema();
        if (schema == null) {
            return format == Format.MESSAGES ? Output.TEXT : output;
        }
        String name = output.name() == null ? "answer" : output.name();
        return switch (format) {
            case CHAT -> new Output(true, schema, name, output.strict());
            case RESPONSES -> new Output(true, schema, name, Boolean.TRUE.equals(output.strict()));
            case MESSAGES -> new Output(true, Schemas.closed(schema), null, true);
            default -> new Output(true, schema, null, null);
        };
    }

    private static Reasoning reasoning(Conversation asked, Format format, String model) {
        Effort effort = asked.reasoning().inWords();
        Long budget = asked.reasoning().inTokens();
        if (effort == null || budget == null) {
            return Reasoning.UNSET;
        }
        return switch (model) {
            case "gpt-4o" -> Reasoning.UNSET;
            case "gpt-5.2" -> new Reasoning(effort == Effort.MINIMAL ? Effort.LOW : effort, null);
            case "claude-sonnet-4-5" ->
                effort == Effort.NONE || asked.toolChoice().forced() || unsigned(asked)
                        ? Reasoning.UNSET
                        : new Reasoning(null, Math.max(1_024, budget));
            case "gemini-2.5-flash" ->
                budget == 0 ? new Reasoning(Effort.NONE, null) : new Reasoning(null, Math.min(24_576, budget));
            case "gemini-3-flash" ->
                new Reasoning(
                        switch (effort) {
                            case NONE, MINIMAL -> Effort.MINIMAL;
                            case LOW -> Effort.LOW;
                            case MEDIUM -> Effort.MEDIUM;
                            case HIGH, XHIGH, MAX -> Effort.HIGH;
                        },
                        null);
            default ->
                switch (format) {
                    case GEMINI -> Reasoning.UNSET;
                    case MESSAGES -> new Reasoning(effort == Effort.MINIMAL ? Effort.LOW : effort, null);
                    case CHAT -> effort == Effort.NONE ? Reasoning.UNSET : new Reasoning(effort, null);
                    default -> new Reasoning(effort, null);
                };
        };
    }

    private static boolean unsigned(Conversation asked) {
        for (Turn turn : asked.turns()) {
            boolean signed = false;
            for (Part part : turn.parts()) {
                signed |=
                        part instanceof Part.Redacted || part instanceof Part.Thinking thinking && anthropic(thinking);
                if (part instanceof Part.Call && !signed) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean anthropic(Part.Thinking thinking) {
        Signature signature = thinking.signature();
        return signature != null && signature.maker() == Signature.Maker.ANTHROPIC;
    }

    private static @Nullable Long maxTokens(Conversation asked, Format format, Reasoning reasoning) {
        Long max = asked.maxTokens();
        if (format == Format.MESSAGES) {
            long given = max == null ? 8_192 : max;
            return reasoning.budget() == null ? given : Math.max(given, reasoning.budget() + 1);
        }
        return max != null && format == Format.RESPONSES ? Long.valueOf(Math.max(16, max)) : max;
    }

    private static Sampling sampling(Sampling all, Format format, String model, Reasoning reasoning) {
        Double temperature = all.temperature();
        return switch (format) {
            case CHAT ->
                new Sampling(temperature, all.topP(), null, all.presencePenalty(), all.frequencyPenalty(), all.seed());
            case RESPONSES ->
                model.equals("gpt-4o")
                        ? new Sampling(temperature, all.topP(), null, null, null, null)
                        : new Sampling(null, null, null, null, null, null);
            case MESSAGES ->
                reasoning.set() && reasoning.effort() != Effort.NONE
                        ? new Sampling(null, null, null, null, null, null)
                        : new Sampling(
                                temperature == null ? null : Double.valueOf(Math.min(1, temperature)),
                                temperature == null ? all.topP() : null,
                                all.topK(),
                                null,
                                null,
                                null);
            default -> all;
        };
    }

    private static List<Turn> turns(Conversation asked, Format format) {
        Conversation.Turns turns = new Conversation.Turns();
        if (format == Format.MESSAGES && asked.turns().getFirst().role() == Role.ASSISTANT) {
            turns.say(Role.USER, new Part.Text("."));
        }
        List<String> order = new ArrayList<>();
        for (Turn turn : asked.turns()) {
            List<Part> parts = turn.role() == Role.USER ? user(turn, format, order) : assistant(turn, format);
            parts.forEach(part -> turns.say(turn.role(), part));
            order = turn.parts().stream()
                    .filter(part -> part instanceof Part.Call)
                    .map(part -> ((Part.Call) part).id())
                    .toList();
        }
        List<Turn> all = new ArrayList<>(turns.all());
        Turn last = all.getLast();
        if (format == Format.MESSAGES
                && last.role() == Role.ASSISTANT
                && last.parts().getLast() instanceof Part.Text text) {
            List<Part> parts = new ArrayList<>(last.parts());
            parts.set(parts.size() - 1, new Part.Text(text.text().stripTrailing(), text.cached()));
            all.set(all.size() - 1, new Turn(Role.ASSISTANT, parts));
        }
        return all;
    }

    private static List<Part> user(Turn turn, Format format, List<String> order) {
        List<Part.Result> results = new ArrayList<>();
        List<Part> rest = new ArrayList<>();
        for (Part part : turn.parts()) {
            if (part instanceof Part.Result result) {
                results.add(result);
                if (format == Format.CHAT) {
                    rest.addAll(media(result, format));
                }
            } else {
                rest.add(seen(part, format));
            }
        }
        if (format == Format.GEMINI) {
            results.sort(java.util.Comparator.comparingInt(result -> order.indexOf(result.callId())));
        }
        List<Part> all = new ArrayList<>();
        results.forEach(result -> all.add(result(result, format)));
        if (format == Format.GEMINI) {
            results.forEach(result -> all.addAll(media(result, format)));
        }
        all.addAll(rest);
        return all;
    }

    private static List<Part> media(Part.Result result, Format format) {
        return result.content().stream()
                .filter(part -> !(part instanceof Part.Text))
                .map(part -> seen(part, format))
                .toList();
    }

    private static Part.Result result(Part.Result result, Format format) {
        boolean shows = result.content().stream().anyMatch(part -> !(part instanceof Part.Text));
        List<Part> content = new ArrayList<>();
        boolean error = result.error();
        String text = result.text();
        switch (format) {
            case MESSAGES -> result.content().forEach(part -> content.add(seen(part, format)));
            case RESPONSES -> {
                if (shows) {
                    if (error) {
                        content.add(new Part.Text("Error: "));
                    }
                    result.content().forEach(part -> content.add(seen(part, format)));
                } else if (error || !text.isEmpty()) {
                    content.add(new Part.Text((error ? "Error: " : "") + text));
                }
                error = false;
            }
            case CHAT -> {
                String said =
                        (error ? "Error: " : "") + (text.isEmpty() && shows ? "(shown in the next message)" : text);
                if (!said.isEmpty()) {
                    content.add(new Part.Text(said));
                }
                error = false;
            }
            default -> {
                if (!text.isEmpty()) {
                    content.add(new Part.Text(text));
                }
            }
        }
        return new Part.Result(result.callId(), result.name(), content, error);
    }

    private static Part seen(Part part, Format format) {
        return switch (part) {
            case Part.Text text -> text(text, format);
            case Part.Audio audio
            when format != Format.GEMINI -> {
                String type = String.valueOf(audio.media().type());
                String known = type.equals("audio/mp3") || type.equals("audio/mpeg") ? "audio/mp3" : "audio/wav";
                yield new Part.Audio(new Media(known, audio.media().base64(), null));
            }
            case Part.Document document -> document(document, format);
            default -> part;
        };
    }

    private static Part document(Part.Document document, Format format) {
        boolean plain = "text/plain".equals(document.media().type());
        String title = document.title();
        return switch (format) {
            case CHAT, MESSAGES -> {
                if (plain) {
                    yield new Part.Text((title == null ? "" : title + "\n\n")
                            + document.media().decoded());
                }
                yield format == Format.CHAT && title == null
                        ? new Part.Document(document.media(), "document.pdf")
                        : document;
            }
            case RESPONSES ->
                document.media().url() != null || title != null
                        ? document
                        : new Part.Document(document.media(), plain ? "document.txt" : "document.pdf");
            default -> new Part.Document(document.media(), null);
        };
    }

    private static List<Part> assistant(Turn turn, Format format) {
        List<Part> parts = new ArrayList<>();
        switch (format) {
            case CHAT -> chat(turn, parts);
            case RESPONSES -> {
                for (Part part : turn.parts()) {
                    Signature signature = part instanceof Part.Thinking thinking ? thinking.signature() : null;
                    boolean own = signature != null && signature.maker() == Signature.Maker.OPENAI;
                    if (own || !(part instanceof Part.Thinking || part instanceof Part.Redacted)) {
                        parts.add(seen(part, format));
                    }
                }
            }
            case MESSAGES -> {
                for (Part part : turn.parts()) {
                    if (!(part instanceof Part.Thinking thinking) || anthropic(thinking)) {
                        parts.add(seen(part, format));
                    }
                }
            }
            default -> {
                Part.Thinking mark = null;
                for (Part part : turn.parts()) {
                    if (part instanceof Part.Thinking thinking) {
                        Signature signature = thinking.signature();
                        boolean google = signature != null && signature.maker() == Signature.Maker.GOOGLE;
                        mark = google ? new Part.Thinking("", signature) : mark;
                    } else if (!(part instanceof Part.Redacted)) {
                        if (part instanceof Part.Call && mark != null) {
                            parts.add(mark);
                            mark = null;
                        }
                        parts.add(seen(part, format));
                    }
                }
            }
        }
        return parts;
    }

    /** Thinking, text, calls, in this order; Google's marks with their calls. */
    private static void chat(Turn turn, List<Part> parts) {
        StringBuilder text = new StringBuilder();
        List<Part> calls = new ArrayList<>();
        Part.Thinking mark = null;
        StringBuilder unsigned = new StringBuilder();
        for (Part part : turn.parts()) {
            switch (part) {
                case Part.Text said -> text.append(said.text());
                case Part.Call call -> {
                    if (mark != null) {
                        calls.add(mark);
                        mark = null;
                    }
                    calls.add(call);
                }
                case Part.Thinking thinking -> {
                    Signature signature = thinking.signature();
                    if (signature != null && signature.maker() == Signature.Maker.GOOGLE) {
                        mark = thinking;
                    } else if (signature == null) {
                        unsigned.append(thinking.text());
                    } else {
                        parts.add(new Part.Thinking(unsigned + thinking.text(), signature));
                        unsigned.setLength(0);
                    }
                }
                default -> parts.add(part);
            }
        }
        // Marks that stand apart from their thinking, as at a stream's end, are taken for marks of what has none.
        boolean apart = parts.stream()
                .allMatch(part -> part instanceof Part.Redacted
                        || ((Part.Thinking) part).text().isEmpty());
        for (int i = 0; apart && i < parts.size() && !unsigned.isEmpty(); i++) {
            if (parts.get(i) instanceof Part.Thinking lone) {
                parts.set(i, new Part.Thinking(unsigned.toString(), lone.signature()));
                unsigned.setLength(0);
            }
        }
        if (!unsigned.isEmpty()) {
            parts.add(new Part.Thinking(unsigned.toString(), null));
        }
        if (!text.isEmpty()) {
            parts.add(new Part.Text(text.toString()));
        }
        parts.addAll(calls);
    }

    /** With the caller's names of tools, and calls counted instead of named: forms may change both, but everywhere alike. */
    static Conversation comparable(Conversation asked, ToolNames names) {
        Map<String, String> ids = new HashMap<>();
        List<Turn> turns = new ArrayList<>();
        for (Turn turn : asked.turns()) {
            List<Part> parts = new ArrayList<>();
            for (Part part : turn.parts()) {
                parts.add(
                        switch (part) {
                            case Part.Call call -> {
                                String id = "call " + ids.size();
                                assertFree(ids.put(call.id(), id), call.id());
                                yield new Part.Call(
                                        id,
                                        names.original(call.name()),
                                        Chance.tree(call.arguments()).toString());
                            }
                            case Part.Result result ->
                                new Part.Result(
                                        ids.getOrDefault(result.callId(), "of no call"),
                                        names.original(result.name()),
                                        result.content(),
                                        result.error());
                            default -> part;
                        });
            }
            turns.add(new Turn(turn.role(), parts));
        }
        ToolChoice choice = asked.toolChoice();
        String chosen = choice.name();
        return new Conversation(
                asked.system(),
                turns,
                asked.tools().stream()
                        .map(tool -> new Tool(
                                names.original(tool.name()),
                                tool.description(),
                                tool.schema(),
                                tool.strict(),
                                tool.cached()))
                        .toList(),
                new ToolChoice(choice.mode(), chosen == null ? null : names.original(chosen)),
                asked.parallelTools(),
                asked.output(),
                asked.maxTokens(),
                asked.sampling(),
                asked.stop(),
                asked.reasoning(),
                asked.stream(),
                asked.user());
    }

    private static void assertFree(@Nullable String before, String id) {
        if (before != null) {
            throw new AssertionError("two calls have the id " + id);
        }
    }

    // Answers

    /** A call with all its arguments. */
    record Called(int index, String id, String name, JsonNode arguments) {}

    /** What an answer comes to, however many pieces it is told in. */
    record Told(
            List<Object> said,
            Piece.@Nullable Stop stop,
            @Nullable Usage usage) {}

    static Told told(List<Piece> pieces) {
        List<Object> said = new ArrayList<>();
        Map<Integer, StringBuilder> arguments = new HashMap<>();
        Map<Integer, Piece.CallStart> calls = new LinkedHashMap<>();
        Piece.Stop stop = null;
        Usage usage = null;
        for (Piece piece : pieces) {
            switch (piece) {
                case Piece.Text text -> {
                    if (!said.isEmpty() && said.getLast() instanceof Piece.Text before) {
                        said.set(said.size() - 1, new Piece.Text(before.text() + text.text()));
                    } else {
                        said.add(text);
                    }
                }
                case Piece.Thinking text -> {
                    if (!said.isEmpty() && said.getLast() instanceof Piece.Thinking before) {
                        said.set(said.size() - 1, new Piece.Thinking(before.text() + text.text()));
                    } else {
                        said.add(text);
                    }
                }
                case Piece.Declined text -> {
                    if (!said.isEmpty() && said.getLast() instanceof Piece.Declined before) {
                        said.set(said.size() - 1, new Piece.Declined(before.text() + text.text()));
                    } else {
                        said.add(text);
                    }
                }
                case Piece.CallStart call -> {
                    calls.put(call.index(), call);
                    arguments.put(call.index(), new StringBuilder());
                    said.add(call);
                }
                case Piece.Arguments more -> arguments.get(more.index()).append(more.json());
                case Piece.Stop reason -> stop = reason;
                case Piece.Spent spent -> usage = spent.usage();
                case Piece.Start start -> {
                    // each form has an id of its own
                }
                default -> said.add(piece);
            }
        }
        said.replaceAll(each -> each instanceof Piece.CallStart call
                ? new Called(
                        call.index(),
                        call.id(),
                        call.name(),
                        Chance.tree(arguments.get(call.index()).toString()))
                : each);
        return new Told(said, stop, usage);
    }

    static Told of(List<Piece> pieces, Format format, boolean stream) {
        boolean called = pieces.stream().anyMatch(piece -> piece instanceof Piece.CallStart);
        List<Piece> kept = new ArrayList<>();
        List<Piece> late = new ArrayList<>(); // calls, where the form has a place for them behind all else
        List<Piece> thoughts = new ArrayList<>(); // not signed yet
        List<Piece> words = new ArrayList<>();
        List<Piece> refusals = new ArrayList<>();
        boolean sorted = format == Format.CHAT && !stream;
        for (Piece piece : pieces) {
            switch (piece) {
                case Piece.Declined declined -> {
                    if (format == Format.MESSAGES || format == Format.GEMINI) {
                        kept.add(new Piece.Text(declined.text()));
                    } else {
                        (sorted ? refusals : kept).add(declined);
                    }
                }
                case Piece.Text text -> (sorted ? words : kept).add(text);
                case Piece.Thinking thinking when sorted -> thoughts.add(thinking);
                case Piece.Sign sign
                when sorted && sign.signature().maker() != Signature.Maker.GOOGLE -> {
                    kept.addAll(thoughts);
                    kept.add(sign);
                    thoughts.clear();
                }
                case Piece.Sign sign
                when sign.signature().maker() == Signature.Maker.GOOGLE ->
                    (sorted || format == Format.GEMINI ? late : kept).add(sign);
                case Piece.CallStart call -> (sorted || format == Format.GEMINI ? late : kept).add(call);
                case Piece.Arguments more -> (sorted || format == Format.GEMINI ? late : kept).add(more);
                case Piece.Stop stop -> kept.add(stop(stop, called, format));
                case Piece.Spent spent -> kept.add(new Piece.Spent(usage(spent.usage(), format)));
                default -> kept.add(piece);
            }
        }
        kept.addAll(thoughts);
        kept.addAll(words);
        kept.addAll(refusals);
        kept.addAll(late);
        return told(kept);
    }

    private static Piece.Stop stop(Piece.Stop stop, boolean called, Format format) {
        boolean natural = switch (stop.reason()) {
            case END, TOOL_CALLS -> true;
            case STOP_SEQUENCE -> format != Format.MESSAGES;
            case LENGTH, FILTERED -> false;
        };
        if (!natural) {
            return format == Format.MESSAGES ? stop : new Piece.Stop(stop.reason());
        }
        return new Piece.Stop(called && format != Format.GEMINI ? Piece.Reason.TOOL_CALLS : Piece.Reason.END);
    }

    private static Usage usage(Usage usage, Format format) {
        Usage.Kinds kinds = usage.kinds();
        long write = format == Format.GEMINI ? 0 : usage.cacheWrite();
        Usage.Kinds kept = format == Format.MESSAGES
                ? new Usage.Kinds(kinds.hourWrite(), 0, 0, 0, 0, 0)
                : new Usage.Kinds(
                        0,
                        kinds.audioPrompt(),
                        kinds.audioCached(),
                        kinds.imagePrompt(),
                        kinds.audioCompletion(),
                        kinds.imageCompletion());
        return new Usage(
                usage.prompt(), usage.cached(), write, usage.completion(), usage.reasoning(), kept, usage.estimated());
    }
}
