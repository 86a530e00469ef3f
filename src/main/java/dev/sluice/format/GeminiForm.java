package dev.sluice.format;

import dev.sluice.format.Conversation.Media;
import dev.sluice.format.Conversation.Output;
import dev.sluice.format.Conversation.Part;
import dev.sluice.format.Conversation.Reasoning;
import dev.sluice.format.Conversation.Role;
import dev.sluice.format.Conversation.Sampling;
import dev.sluice.format.Conversation.Tool;
import dev.sluice.format.Conversation.ToolChoice;
import dev.sluice.format.Conversation.Turn;
import dev.sluice.wire.Refusal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Google's generateContent. Its fields may be written in camel or in snake case. */
final class GeminiForm implements Form {
    private static final Pattern THIRD = Pattern.compile("gemini-([3-9]|[1-9][0-9])");
    private static final Pattern UNLIMITED_THINKER = Pattern.compile("gemini-2\\.5-pro");
    private static final Pattern THINKS = Pattern.compile("gemini-(2\\.5|[3-9]|[1-9][0-9])");

    /** Stands for a signature that the caller lost; models of the third generation demand one. */
    private static final String NO_SIGNATURE = "skip_thought_signature_validator";

    private static final int MOST_STOP_SEQUENCES = 5;
    private static final int LEAST_BUDGET_OF_PRO = 128;
    private static final int MOST_BUDGET = 24_576;

    private static JsonNode get(JsonNode in, String camel) {
        JsonNode found = in.path(camel);
        if (!found.isMissingNode()) {
            return found;
        }
        StringBuilder snake = new StringBuilder();
        for (char c : camel.toCharArray()) {
            if (Character.isUpperCase(c)) {
                snake.append('_').append(Character.toLowerCase(c));
            } else {
                snake.append(c);
            }
        }
        return in.path(snake.toString());
    }

    @Override
    public Question read(byte[] body, boolean stream) {
        JsonNode ask = Fields.body(body);
        if (Fields.given(get(ask, "cachedContent"))) {
            throw Fields.inexpressible("cachedContent", "send the content itself");
        }
        JsonNode config = get(ask, "generationConfig");
        refuse(config);
        List<Part.Text> system = new ArrayList<>();
        for (JsonNode part : get(ask, "systemInstruction").path("parts")) {
            if (!part.path("text").asString("").isEmpty()) {
                system.add(new Part.Text(part.path("text").asString()));
            }
        }
        Conversation.Turns turns = new Conversation.Turns();
        Callers callers = new Callers();
        JsonNode contents = ask.path("contents");
        int index = 0;
        for (JsonNode content : contents.isArray() ? contents : Fields.array().add(contents)) {
            content(content, "contents[" + index++ + "]", turns, callers);
        }
        List<Tool> tools = tools(ask);
        ToolChoice choice = choice(get(get(ask, "toolConfig"), "functionCallingConfig"), tools);
        return new Conversation(
                system,
                turns.all(),
                tools,
                choice,
                true,
                output(config),
                number(config, "maxOutputTokens"),
                new Sampling(
                        Fields.decimal(config, "temperature"),
                        decimal(config, "topP"),
                        number(config, "topK"),
                        decimal(config, "presencePenalty"),
                        decimal(config, "frequencyPenalty"),
                        number(config, "seed")),
                Fields.texts(config, config.has("stopSequences") ? "stopSequences" : "stop_sequences"),
                reasoning(get(config, "thinkingConfig")),
                stream,
                null);
    }

    private static void refuse(JsonNode config) {
        if (get(config, "candidateCount").asInt(1) > 1) {
            throw Fields.inexpressible("generationConfig.candidateCount", "ask for one candidate a call");
        }
        for (JsonNode modality : get(config, "responseModalities")) {
            if (!modality.asString("").equalsIgnoreCase("text")) {
                throw Fields.inexpressible("generationConfig.responseModalities", "it answers in text");
            }
        }
    }

    private static @Nullable Long number(JsonNode config, String name) {
        JsonNode node = get(config, name);
        return node.isNumber() ? Long.valueOf(node.asLong(0)) : null;
    }

    private static @Nullable Double decimal(JsonNode config, String name) {
        JsonNode node = get(config, name);
        return node.isNumber() ? Double.valueOf(node.asDouble()) : null;
    }

    /** Which call a result is of. Calls may have no ids: then results belong to those of their name, in order. */
    private static final class Callers {
        private final Map<String, Deque<String>> byName = new HashMap<>();
        private final Map<String, String> byId = new HashMap<>();
        private int made;

        String called(String id, String name) {
            String known = id.isEmpty() ? "call_" + made++ : id;
            byName.computeIfAbsent(name, each -> new ArrayDeque<>()).add(known);
            byId.put(known, name);
            return known;
        }

        String answered(String id, String name) {
            Deque<String> open = byName.getOrDefault(name, new ArrayDeque<>());
            if (!id.isEmpty()) {
                open.remove(id);
                return id;
            }
            String first = open.poll();
            return first == null ? "call_" + made++ : first;
        }
    }

    private static void content(JsonNode content, String at, Conversation.Turns turns, Callers callers) {
        Role role = switch (content.path("role").asString("user")) {
            case "model" -> Role.ASSISTANT;
            case "user", "function" -> Role.USER;
            default -> throw Fields.wrong(at + ".role", "is neither user nor model");
        };
        int index = 0;
        StringBuilder thought = new StringBuilder(); // up to its signature, which may stand in a part of its own
        for (JsonNode part : content.path("parts")) {
            String place = at + ".parts[" + index++ + "]";
            String mark = get(part, "thoughtSignature").asString("");
            boolean thinks = part.path("thought").asBoolean(false);
            if (thinks) {
                thought.append(part.path("text").asString(""));
            }
            if (!thinks || Signature.hidden(mark)) {
                unsigned(thought, role, turns);
            }
            if (!thinks) {
                part(part, mark, place, role, turns, callers);
            } else if (!mark.isEmpty()) {
                turns.say(role, Signature.thinking(thought.toString(), mark, Signature.Maker.GOOGLE));
                thought.setLength(0);
            }
        }
        unsigned(thought, role, turns);
    }

    private static void unsigned(StringBuilder thought, Role role, Conversation.Turns turns) {
        if (!thought.isEmpty()) {
            turns.say(role, new Part.Thinking(thought.toString(), null));
            thought.setLength(0);
        }
    }

    private static void part(
            JsonNode part, String signature, String at, Role role, Conversation.Turns turns, Callers callers) {
        JsonNode call = get(part, "functionCall");
        JsonNode result = get(part, "functionResponse");
        JsonNode inline = get(part, "inlineData");
        JsonNode file = get(part, "fileData");
        if (call.isObject()) {
            if (!signature.isEmpty() && !signature.equals(NO_SIGNATURE)) {
                turns.say(role, new Part.Thinking("", Signature.read(signature, Signature.Maker.GOOGLE)));
            }
            String name = call.path("name").asString("");
            JsonNode args = call.path("args");
            turns.say(
                    Role.ASSISTANT,
                    new Part.Call(
                            callers.called(call.path("id").asString(""), name),
                            name,
                            args.isObject() ? args.toString() : "{}"));
        } else if (result.isObject()) {
            String name = result.path("name").asString("");
            String id = callers.answered(result.path("id").asString(""), name);
            JsonNode response = result.path("response");
            boolean error = response.size() == 1 && response.has("error");
            JsonNode wrapped = response.size() == 1 ? response.path(error ? "error" : "output") : response;
            String text = wrapped.isString() ? wrapped.asString() : response.toString();
            turns.say(
                    Role.USER,
                    new Part.Result(id, name, text.isEmpty() ? List.of() : List.of(new Part.Text(text)), error));
        } else if (inline.isObject()) {
            String type = get(inline, "mimeType").asString("");
            turns.say(role, media(new Media(type, inline.path("data").asString(""), null), type, at));
        } else if (file.isObject()) {
            String type = get(file, "mimeType").asString("");
            String uri = get(file, "fileUri").asString("");
            if (!uri.startsWith("https://") || !type.startsWith("image/")) {
                throw Fields.inexpressible(at + ".fileData", "send the bytes themselves as inlineData");
            }
            turns.say(role, new Part.Image(new Media(type, null, uri)));
        } else if (part.path("text").isString()) {
            if (!part.path("text").asString().isEmpty()) {
                turns.say(role, new Part.Text(part.path("text").asString()));
            }
        } else if (!part.isEmpty()) {
            throw Fields.inexpressible(at, "use text, inlineData, functionCall or functionResponse");
        }
    }

    private static Part media(Media media, String type, String at) {
        if (type.startsWith("image/")) {
            return new Part.Image(media);
        }
        if (type.startsWith("audio/")) {
            return new Part.Audio(media);
        }
        if (type.equals("application/pdf") || type.startsWith("text/")) {
            return new Part.Document(media, null);
        }
        throw Fields.inexpressible(at + ".inlineData.mimeType", "use an image, audio, a PDF or text");
    }

    private static List<Tool> tools(JsonNode ask) {
        List<Tool> tools = new ArrayList<>();
        int index = 0;
        for (JsonNode tool : Fields.list(ask, "tools")) {
            String at = "tools[" + index++ + "]";
            JsonNode functions = get(tool, "functionDeclarations");
            if (functions.isMissingNode() && !tool.isEmpty()) {
                throw Fields.inexpressible(at, "only functionDeclarations can");
            }
            for (JsonNode function : functions) {
                String name = function.path("name").asString("");
                if (name.isEmpty()) {
                    throw Fields.wrong(at + ".functionDeclarations", "holds one without a name");
                }
                JsonNode plain = get(function, "parametersJsonSchema");
                JsonNode schema = plain.isObject() ? plain : function.path("parameters");
                tools.add(new Tool(
                        name,
                        function.path("description").asString(null),
                        schema instanceof ObjectNode object
                                ? plain.isObject() ? object : Schemas.fromGoogle(object)
                                : null,
                        null,
                        false));
            }
        }
        return tools;
    }

    /** Where only some may be called, the others are not offered. */
    private static ToolChoice choice(JsonNode config, List<Tool> tools) {
        List<String> allowed = new ArrayList<>();
        get(config, "allowedFunctionNames").forEach(name -> allowed.add(name.asString("")));
        return switch (config.path("mode").asString("AUTO").toUpperCase(java.util.Locale.ROOT)) {
            case "AUTO", "VALIDATED", "MODE_UNSPECIFIED" -> ToolChoice.AUTO;
            case "NONE" -> new ToolChoice(ToolChoice.Mode.NONE, null);
            case "ANY" -> {
                if (allowed.size() > 1) {
                    tools.removeIf(tool -> !allowed.contains(tool.name()));
                }
                yield new ToolChoice(ToolChoice.Mode.REQUIRED, allowed.size() == 1 ? allowed.getFirst() : null);
            }
            default -> throw Fields.wrong("toolConfig.functionCallingConfig.mode", "is none of AUTO, ANY, NONE");
        };
    }

    private static Output output(JsonNode config) {
        String type = get(config, "responseMimeType").asString("text/plain");
        if (type.equals("text/plain")) {
            return Output.TEXT;
        }
        if (!type.equals("application/json")) {
            throw Fields.inexpressible("generationConfig.responseMimeType", "use text/plain or application/json");
        }
        JsonNode plain = get(config, "responseJsonSchema");
        JsonNode own = get(config, "responseSchema");
        JsonNode schema =
                plain.isObject() ? plain : own instanceof ObjectNode object ? Schemas.fromGoogle(object) : null;
        return new Output(true, schema, null, null);
    }

    private static Reasoning reasoning(JsonNode thinking) {
        String level = get(thinking, "thinkingLevel").asString("");
        if (!level.isEmpty()) {
            return new Reasoning(Reasoning.Effort.of(level.toLowerCase(java.util.Locale.ROOT)), null);
        }
        Long budget = number(thinking, "thinkingBudget");
        return budget == null || budget < 0
                ? Reasoning.UNSET
                : budget == 0 ? new Reasoning(Reasoning.Effort.NONE, null) : new Reasoning(null, budget);
    }

    @Override
    public ToolNames names(Conversation conversation) {
        return new ToolNames(conversation.toolNames(), Pattern.compile("^[^a-zA-Z_]|[^a-zA-Z0-9_.:-]"), 64);
    }

    @Override
    public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
        Conversation asked = (Conversation) question;
        ObjectNode body = Fields.object();
        List<Turn> turns = asked.turns();
        if (!asked.system().isEmpty() && !turns.isEmpty()) {
            ArrayNode parts = body.putObject("systemInstruction").putArray("parts");
            asked.system().forEach(text -> parts.addObject().put("text", text.text()));
        }
        ArrayNode contents = body.putArray("contents");
        if (turns.isEmpty()) { // there must be something said
            contents.addObject()
                    .put("role", "user")
                    .putArray("parts")
                    .addObject()
                    .put("text", ChatForm.joined(asked.system()));
        }
        boolean third = THIRD.matcher(model).find();
        List<String> called = List.of();
        for (Turn turn : turns) {
            ArrayNode parts = parts(inOrder(turn, called), names, third);
            called = turn.callIds();
            if (!parts.isEmpty()) {
                contents.addObject()
                        .put("role", turn.role() == Role.USER ? "user" : "model")
                        .set("parts", parts);
            }
        }
        if (!asked.tools().isEmpty()) {
            writeTools(asked, names, body);
        }
        ObjectNode config = config(asked, model, third);
        if (!config.isEmpty()) {
            body.set("generationConfig", config);
        }
        return Fields.bytes(body);
    }

    private static ObjectNode config(Conversation asked, String model, boolean third) {
        ObjectNode config = Fields.object();
        Sampling sampling = asked.sampling();
        ChatForm.put(config, "temperature", sampling.temperature());
        ChatForm.put(config, "topP", sampling.topP());
        if (sampling.topK() != null) {
            config.put("topK", sampling.topK());
        }
        ChatForm.put(config, "presencePenalty", sampling.presencePenalty());
        ChatForm.put(config, "frequencyPenalty", sampling.frequencyPenalty());
        if (sampling.seed() != null) {
            config.put("seed", sampling.seed().intValue());
        }
        if (asked.maxTokens() != null) {
            config.put("maxOutputTokens", asked.maxTokens());
        }
        ArrayNode stop = Fields.array();
        asked.stop().stream().limit(MOST_STOP_SEQUENCES).forEach(stop::add);
        if (!stop.isEmpty()) {
            config.set("stopSequences", stop);
        }
        if (asked.output().json()) {
            config.put("responseMimeType", "application/json");
            JsonNode schema = asked.output().schema();
            if (schema != null) {
                config.set("responseJsonSchema", Schemas.forGoogle(schema));
            }
        }
        think(asked.reasoning(), model, third, config);
        return config;
    }

    private static void think(Reasoning reasoning, String model, boolean third, ObjectNode config) {
        Reasoning.Effort effort = reasoning.inWords();
        Long budget = reasoning.inTokens();
        if (effort == null || budget == null || !THINKS.matcher(model).find()) {
            return;
        }
        ObjectNode thinking = config.putObject("thinkingConfig");
        if (third) {
            // Flash knows four levels, Pro only the second and the last.
            boolean four = model.contains("flash");
            thinking.put(
                    "thinkingLevel",
                    switch (effort) {
                        case NONE, MINIMAL -> four ? "MINIMAL" : "LOW";
                        case LOW -> "LOW";
                        case MEDIUM -> four ? "MEDIUM" : "HIGH";
                        case HIGH, XHIGH, MAX -> "HIGH";
                    });
        } else {
            long least = UNLIMITED_THINKER.matcher(model).find() ? LEAST_BUDGET_OF_PRO : 0;
            thinking.put("thinkingBudget", Math.clamp(budget, least, MOST_BUDGET));
        }
        if (effort != Reasoning.Effort.NONE) {
            thinking.put("includeThoughts", true);
        }
    }

    private static void writeTools(Conversation asked, ToolNames names, ObjectNode body) {
        ArrayNode functions = body.putArray("tools").addObject().putArray("functionDeclarations");
        for (Tool tool : asked.tools()) {
            ObjectNode function = functions.addObject().put("name", names.legal(tool.name()));
            if (tool.description() != null) {
                function.put("description", tool.description());
            }
            JsonNode schema = tool.schema();
            if (schema != null && !schema.path("properties").isEmpty()) {
                function.set("parametersJsonSchema", Schemas.forGoogle(schema));
            }
        }
        ToolChoice choice = asked.toolChoice();
        if (choice.mode() != ToolChoice.Mode.AUTO) {
            ObjectNode config = body.putObject("toolConfig").putObject("functionCallingConfig");
            config.put("mode", choice.forced() ? "ANY" : "NONE");
            if (choice.name() != null) {
                config.putArray("allowedFunctionNames").add(names.legal(choice.name()));
            }
        }
    }

    /** Results first, and as their calls were: without ids, calls of one name are told apart by their order. */
    private static List<Part> inOrder(Turn turn, List<String> called) {
        List<Part.Result> results = new ArrayList<>();
        List<Part> rest = new ArrayList<>();
        for (Part part : turn.parts()) {
            if (part instanceof Part.Result result) {
                results.add(result);
            } else {
                rest.add(part);
            }
        }
        results.sort(Comparator.comparingInt(result -> called.indexOf(result.callId())));
        List<Part> parts = new ArrayList<>(results);
        results.forEach(result -> result.content().stream()
                .filter(shown -> !(shown instanceof Part.Text))
                .forEach(parts::add));
        parts.addAll(rest);
        return parts;
    }

    private static ArrayNode parts(List<Part> said, ToolNames names, boolean third) {
        ArrayNode parts = Fields.array();
        Signature signature = null;
        boolean first = true; // of the turn's calls: only that one needs a signature
        for (Part part : said) {
            switch (part) {
                case Part.Text text -> {
                    if (!text.text().isEmpty()) {
                        parts.addObject().put("text", text.text());
                    }
                }
                case Part.Image image -> parts.add(inline(image.media(), "images"));
                case Part.Audio audio -> parts.add(inline(audio.media(), "audio"));
                case Part.Document document -> parts.add(inline(document.media(), "documents"));
                case Part.Call call -> {
                    ObjectNode node = parts.addObject();
                    node.putObject("functionCall")
                            .put("name", names.legal(call.name()))
                            .set("args", Fields.arguments(call.arguments()));
                    if (signature != null) {
                        node.put("thoughtSignature", signature.value());
                        signature = null;
                    } else if (third && first) {
                        node.put("thoughtSignature", NO_SIGNATURE);
                    }
                    first = false;
                }
                case Part.Result result ->
                    parts.addObject()
                            .putObject("functionResponse")
                            .put("name", names.legal(result.name()))
                            .set("response", response(result));
                case Part.Thinking thinking -> {
                    Signature given = thinking.signature();
                    if (given != null && given.maker() == Signature.Maker.GOOGLE) {
                        signature = given;
                    }
                }
                case Part.Redacted redacted -> {
                    // only its maker can read it
                }
            }
        }
        return parts;
    }

    private static ObjectNode response(Part.Result result) {
        String text = result.text();
        ObjectNode object = result.error() ? null : Fields.objectOrNull(text);
        boolean looksWrapped = object != null
                && object.size() == 1
                && (object.has("error") || object.path("output").isString());
        return object != null && !looksWrapped
                ? object
                : Fields.object().put(result.error() ? "error" : "output", text);
    }

    private static ObjectNode inline(Media media, String what) {
        if (media.base64() == null) {
            throw linked(what);
        }
        ObjectNode part = Fields.object();
        part.putObject("inlineData").put("mimeType", media.type()).put("data", media.base64());
        return part;
    }

    static Refusal linked(String what) {
        return Fields.inexpressible("messages", "send " + what + " themselves, in base64, not their address");
    }
}
