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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's chat completions. */
final class ChatForm implements Form {
    /** They take {@code max_completion_tokens} alone, and refuse sampling and stop sequences. */
    private static final Pattern REASONS = Pattern.compile("(^|/)(o[0-9]|gpt-5)");

    /** They refuse {@code reasoning_effort}. */
    private static final Pattern NEVER_REASONS = Pattern.compile("(^|/)(gpt-3|gpt-4|chatgpt)");

    private static final Pattern FIRST_REASONERS = Pattern.compile("(^|/)(o[0-9]|gpt-oss)");

    /** They think always, if as little as {@code minimal}; their successors know {@code none} in its place. */
    private static final Pattern FIFTH = Pattern.compile("(^|/)gpt-5(?![0-9.])");

    private static final Pattern AFTER_FIFTH = Pattern.compile("(^|/)gpt-5\\.");

    @Override
    public Question read(byte[] body, boolean stream) {
        JsonNode ask = Fields.body(body);
        refuse(ask);
        List<Part.Text> system = new ArrayList<>();
        Conversation.Turns turns = new Conversation.Turns();
        Map<String, String> called = new HashMap<>();
        List<JsonNode> messages = Fields.list(ask, "messages");
        for (int i = 0; i < messages.size(); i++) {
            message(messages.get(i), "messages[" + i + "]", system, turns, called);
        }
        ToolChoice[] choice = {ToolChoice.AUTO};
        List<Tool> tools = tools(ask, choice);
        Long completion = Fields.whole(ask, "max_completion_tokens");
        return new Conversation(
                system,
                turns.all(),
                tools,
                choice[0],
                !Boolean.FALSE.equals(Fields.flag(ask, "parallel_tool_calls")),
                output(ask.path("response_format")),
                completion != null ? completion : Fields.whole(ask, "max_tokens"),
                new Sampling(
                        Fields.decimal(ask, "temperature"),
                        Fields.decimal(ask, "top_p"),
                        Fields.whole(ask, "top_k"),
                        Fields.decimal(ask, "presence_penalty"),
                        Fields.decimal(ask, "frequency_penalty"),
                        Fields.whole(ask, "seed")),
                Fields.texts(ask, "stop"),
                reasoning(Fields.text(ask, "reasoning_effort"), "reasoning_effort"),
                stream,
                ask.path("safety_identifier").asString(ask.path("user").asString(null)));
    }

    /** What would change the answer, and has no word elsewhere. The rest is a hint, and left out. */
    private static void refuse(JsonNode ask) {
        Long n = Fields.whole(ask, "n");
        if (n != null && n > 1) {
            throw Fields.inexpressible("n", "ask for one choice a call");
        }
        for (JsonNode modality : ask.path("modalities")) {
            if (!modality.asString("").equals("text")) {
                throw Fields.inexpressible("modalities", "it answers in text");
            }
        }
        for (String name : new String[] {"audio", "functions", "function_call", "web_search_options"}) {
            if (Fields.given(ask.path(name)) && !ask.path(name).isEmpty()) {
                throw Fields.inexpressible(name, name.startsWith("function") ? "use 'tools'" : "leave it out");
            }
        }
    }

    static Reasoning reasoning(@Nullable String word, String field) {
        if (word == null) {
            return Reasoning.UNSET;
        }
        Reasoning.Effort effort = Reasoning.Effort.of(word);
        if (effort == null) {
            throw Fields.wrong(field, "is none of none, minimal, low, medium, high, xhigh, max");
        }
        return new Reasoning(effort, null);
    }

    private static void message(
            JsonNode message, String at, List<Part.Text> system, Conversation.Turns turns, Map<String, String> called) {
        String role = message.path("role").asString("");
        switch (role) {
            case "system", "developer" -> {
                for (Part part : content(message, at)) {
                    if (part instanceof Part.Text text) {
                        system.add(text);
                    } else {
                        throw Fields.wrong(at + ".content", "holds something that is not text");
                    }
                }
            }
            case "user" -> content(message, at).forEach(part -> turns.say(Role.USER, part));
            case "assistant" -> assistant(message, at, turns, called);
            case "tool" -> {
                String id = message.path("tool_call_id").asString("");
                if (id.isEmpty()) {
                    throw Fields.wrong(at + ".tool_call_id", "is missing");
                }
                turns.say(Role.USER, new Part.Result(id, called.getOrDefault(id, ""), content(message, at), false));
            }
            default -> throw Fields.wrong(at + ".role", "is none of system, developer, user, assistant, tool");
        }
    }

    private static void assistant(JsonNode message, String at, Conversation.Turns turns, Map<String, String> called) {
        thinking(message, turns);
        content(message, at).forEach(part -> turns.say(Role.ASSISTANT, part));
        String refusal = message.path("refusal").asString("");
        if (!refusal.isEmpty()) {
            turns.say(Role.ASSISTANT, new Part.Text(refusal));
        }
        int index = 0;
        for (JsonNode call : Fields.list(message, "tool_calls")) {
            String place = at + ".tool_calls[" + index++ + "]";
            JsonNode function = call.path("function");
            String id = call.path("id").asString("");
            String name = function.path("name").asString("");
            if (name.isEmpty() || id.isEmpty()) {
                throw Fields.wrong(place, "is no call of a function with an id and a name");
            }
            String signature = call.path("extra_content")
                    .path("google")
                    .path("thought_signature")
                    .asString("");
            if (!signature.isEmpty()) {
                turns.say(Role.ASSISTANT, new Part.Thinking("", new Signature(Signature.Maker.GOOGLE, signature)));
            }
            JsonNode arguments = function.path("arguments");
            turns.say(
                    Role.ASSISTANT,
                    new Part.Call(id, name, arguments.isString() ? arguments.asString() : arguments.toString()));
            called.put(id, name);
        }
    }

    /**
     * Signed thinking comes back as {@code thinking_blocks}; a signature of a stream may stand in a block of its own.
     * {@code reasoning_content} repeats it, and goes on with what is not signed.
     */
    private static void thinking(JsonNode message, Conversation.Turns turns) {
        String plain = message.path("reasoning_content")
                .asString(message.path("reasoning").asString(""));
        StringBuilder text = new StringBuilder();
        StringBuilder told = new StringBuilder();
        for (JsonNode block : message.path("thinking_blocks")) {
            told.append(block.path("thinking").asString(""));
        }
        boolean apart = told.isEmpty(); // the blocks are signatures only
        for (JsonNode block : message.path("thinking_blocks")) {
            String signature = block.path("signature").asString("");
            if (block.path("type").asString("").equals("redacted_thinking")) {
                Signature data = Signature.read(block.path("data").asString(""), Signature.Maker.ANTHROPIC);
                turns.say(Role.ASSISTANT, new Part.Redacted(data));
                continue;
            }
            text.append(block.path("thinking").asString(""));
            if (!signature.isEmpty()) {
                if (apart && told.isEmpty()) {
                    text.append(plain);
                    told.append(plain);
                }
                turns.say(
                        Role.ASSISTANT,
                        new Part.Thinking(text.toString(), Signature.read(signature, Signature.Maker.ANTHROPIC)));
                text.setLength(0);
            }
        }
        if (plain.length() > told.length() && plain.startsWith(told.toString())) {
            text.append(plain, told.length(), plain.length());
        }
        if (!text.isEmpty()) {
            turns.say(Role.ASSISTANT, new Part.Thinking(text.toString(), null));
        }
    }

    private static List<Part> content(JsonNode message, String at) {
        JsonNode content = message.path("content");
        if (content.isString()) {
            return content.asString().isEmpty() ? List.of() : List.of(new Part.Text(content.asString()));
        }
        List<Part> parts = new ArrayList<>();
        int index = 0;
        for (JsonNode part : Fields.list(message, "content")) {
            part(part, at + ".content[" + index++ + "]", parts);
        }
        return parts;
    }

    private static void part(JsonNode part, String at, List<Part> parts) {
        switch (part.path("type").asString("")) {
            case "text" -> {
                if (!part.path("text").asString("").isEmpty()) {
                    parts.add(new Part.Text(part.path("text").asString(), Fields.given(part.path("cache_control"))));
                }
            }
            case "refusal" -> parts.add(new Part.Text(part.path("refusal").asString("")));
            case "image_url" -> {
                JsonNode image = part.path("image_url");
                String uri =
                        image.isString() ? image.asString() : image.path("url").asString("");
                parts.add(new Part.Image(Fields.media(uri, at + ".image_url")));
            }
            case "input_audio" -> {
                JsonNode audio = part.path("input_audio");
                parts.add(new Part.Audio(new Media(
                        "audio/" + audio.path("format").asString("wav"),
                        audio.path("data").asString(""),
                        null)));
            }
            case "file" -> {
                JsonNode file = part.path("file");
                if (file.path("file_data").asString("").isEmpty()) {
                    throw Fields.inexpressible(at + ".file.file_id", "send the file itself as 'file_data'");
                }
                parts.add(new Part.Document(
                        Fields.media(file.path("file_data").asString(), at + ".file.file_data"),
                        file.path("filename").asString(null)));
            }
            default -> throw Fields.inexpressible(at + ".type", "use text, image_url, input_audio or file");
        }
    }

    private static List<Tool> tools(JsonNode ask, ToolChoice[] choice) {
        List<Tool> tools = new ArrayList<>();
        int index = 0;
        for (JsonNode tool : Fields.list(ask, "tools")) {
            String at = "tools[" + index++ + "]";
            if (!tool.path("type").asString("function").equals("function")) {
                throw Fields.inexpressible(at + ".type", "only functions can");
            }
            boolean cached = Fields.given(tool.path("cache_control"));
            tools.add(Tool.read(tool.path("function"), at + ".function", "parameters", cached));
        }
        JsonNode wanted = ask.path("tool_choice");
        choice[0] = choice(wanted, wanted.path("function").path("name").asString(null));
        JsonNode allowed = wanted.path("allowed_tools");
        if (!allowed.isMissingNode()) {
            List<String> names = new ArrayList<>();
            for (JsonNode each : allowed.path("tools")) {
                names.add(each.path("function")
                        .path("name")
                        .asString(each.path("name").asString("")));
            }
            tools.removeIf(tool -> !names.contains(tool.name()));
            choice[0] = choice(allowed.path("mode"), null);
        }
        return tools;
    }

    static ToolChoice choice(JsonNode wanted, @Nullable String name) {
        if (!Fields.given(wanted)) {
            return ToolChoice.AUTO;
        }
        if (name != null) {
            return new ToolChoice(ToolChoice.Mode.REQUIRED, name);
        }
        return switch (wanted.asString(wanted.path("type").asString(""))) {
            case "auto", "allowed_tools" -> ToolChoice.AUTO;
            case "required" -> new ToolChoice(ToolChoice.Mode.REQUIRED, null);
            case "none" -> new ToolChoice(ToolChoice.Mode.NONE, null);
            default -> throw Fields.inexpressible("tool_choice", "use auto, none, required or a function");
        };
    }

    static Output output(JsonNode format) {
        return switch (format.path("type").asString("text")) {
            case "text" -> Output.TEXT;
            case "json_object" -> new Output(true, null, null, null);
            case "json_schema" -> {
                JsonNode schema = format.has("json_schema") ? format.path("json_schema") : format;
                JsonNode given = schema.path("schema");
                yield new Output(
                        true,
                        given.isObject() ? given : null,
                        schema.path("name").asString(null),
                        schema.path("strict").isBoolean()
                                ? schema.path("strict").asBoolean()
                                : null);
            }
            default -> throw Fields.inexpressible("response_format", "use text, json_object or json_schema");
        };
    }

    @Override
    public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
        Conversation asked = (Conversation) question;
        boolean reasons = reasons(model);
        ObjectNode body = Fields.object().put("model", model);
        body.set("messages", messages(asked, names, quirks));
        if (asked.stream()) {
            body.put("stream", true);
            if (!quirks.contains("no_stream_options")) {
                body.set("stream_options", Fields.object().put("include_usage", true));
            }
        }
        if (asked.maxTokens() != null) {
            body.put(reasons ? "max_completion_tokens" : "max_tokens", asked.maxTokens());
        }
        if (!reasons) {
            sampling(asked, body);
        }
        if (!asked.tools().isEmpty()) {
            writeTools(asked, names, body);
        }
        if (asked.output().json()) {
            body.set("response_format", format(asked.output()));
        }
        String effort = effort(asked.reasoning(), model);
        if (effort != null) {
            body.put("reasoning_effort", effort);
        }
        if (asked.user() != null) {
            body.put("user", asked.user());
        }
        return Fields.bytes(body);
    }

    static boolean reasons(String model) {
        return REASONS.matcher(model).find();
    }

    /** The nearest that the model takes; null: nothing was asked, or it does not reason. */
    static @Nullable String effort(Reasoning reasoning, String model) {
        Reasoning.Effort effort = reasoning.inWords();
        if (effort == null || NEVER_REASONS.matcher(model).find()) {
            return null;
        }
        boolean first = FIRST_REASONERS.matcher(model).find();
        boolean fifth = FIFTH.matcher(model).find();
        return switch (effort) {
            case NONE -> first ? "low" : fifth ? "minimal" : "none";
            case MINIMAL -> first || AFTER_FIFTH.matcher(model).find() ? "low" : "minimal";
            case XHIGH, MAX -> first || fifth ? "high" : effort.word();
            case LOW, MEDIUM, HIGH -> effort.word();
        };
    }

    private static void sampling(Conversation asked, ObjectNode body) {
        Sampling sampling = asked.sampling();
        put(body, "temperature", sampling.temperature());
        put(body, "top_p", sampling.topP());
        put(body, "presence_penalty", sampling.presencePenalty());
        put(body, "frequency_penalty", sampling.frequencyPenalty());
        if (sampling.seed() != null) {
            body.put("seed", sampling.seed());
        }
        ArrayNode stop = Fields.array();
        asked.stop().stream().limit(4).forEach(stop::add); // more than four are refused
        if (!stop.isEmpty()) {
            body.set("stop", stop);
        }
    }

    static void put(ObjectNode body, String name, @Nullable Double value) {
        if (value != null) {
            body.put(name, value);
        }
    }

    private static void writeTools(Conversation asked, ToolNames names, ObjectNode body) {
        ArrayNode tools = body.putArray("tools");
        for (Tool tool : asked.tools()) {
            ObjectNode function = function(tool, names, tools);
            if (tool.strict() != null) {
                function.put("strict", tool.strict());
            }
        }
        ToolChoice choice = asked.toolChoice();
        if (choice.name() != null) {
            body.set(
                    "tool_choice",
                    Fields.object()
                            .put("type", "function")
                            .set("function", Fields.object().put("name", names.legal(choice.name()))));
        } else if (choice.mode() != ToolChoice.Mode.AUTO) {
            body.put("tool_choice", choice.forced() ? "required" : "none");
        }
        if (!asked.parallelTools()) {
            body.put("parallel_tool_calls", false);
        }
    }

    /** As others write it, too. */
    static ObjectNode function(Tool tool, ToolNames names, ArrayNode tools) {
        ObjectNode function = tools.addObject().put("type", "function").putObject("function");
        function.put("name", names.legal(tool.name()));
        if (tool.description() != null) {
            function.put("description", tool.description());
        }
        function.set("parameters", tool.schema() == null ? noArguments() : tool.schema());
        return function;
    }

    static ObjectNode noArguments() {
        return Fields.object().put("type", "object").set("properties", Fields.object());
    }

    private static ObjectNode format(Output output) {
        if (output.schema() == null) {
            return Fields.object().put("type", "json_object");
        }
        ObjectNode schema = Fields.object().put("name", output.name() == null ? "answer" : output.name());
        schema.set("schema", output.schema());
        if (output.strict() != null) {
            schema.put("strict", output.strict());
        }
        return Fields.object().put("type", "json_schema").set("json_schema", schema);
    }

    private static ArrayNode messages(Conversation asked, ToolNames names, List<String> quirks) {
        ArrayNode messages = Fields.array();
        if (!asked.system().isEmpty()) {
            messages.addObject().put("role", "system").put("content", joined(asked.system()));
        }
        for (Turn turn : asked.turns()) {
            if (turn.role() == Role.USER) {
                user(turn, messages);
            } else {
                assistant(turn, names, quirks, messages);
            }
        }
        return messages;
    }

    static String joined(List<Part.Text> texts) {
        StringBuilder all = new StringBuilder();
        for (Part.Text text : texts) {
            all.append(all.isEmpty() ? "" : "\n\n").append(text.text());
        }
        return all.toString();
    }

    /** Tool results become messages of their own, before all else; what they show but cannot hold comes after them. */
    private static void user(Turn turn, ArrayNode messages) {
        List<Part> rest = new ArrayList<>();
        for (Part part : turn.parts()) {
            if (part instanceof Part.Result result) {
                String text = result.text();
                boolean shows = result.content().stream().anyMatch(shown -> !(shown instanceof Part.Text));
                messages.addObject()
                        .put("role", "tool")
                        .put("tool_call_id", result.callId())
                        .put(
                                "content",
                                (result.error() ? "Error: " : "")
                                        + (text.isEmpty() && shows ? "(shown in the next message)" : text));
            }
        }
        for (Part part : turn.parts()) {
            if (part instanceof Part.Result result) {
                result.content().stream()
                        .filter(shown -> !(shown instanceof Part.Text))
                        .forEach(rest::add);
            } else {
                rest.add(part);
            }
        }
        if (!rest.isEmpty()) {
            messages.addObject().put("role", "user").set("content", content(rest));
        }
    }

    private static JsonNode content(List<Part> parts) {
        if (parts.size() == 1 && parts.getFirst() instanceof Part.Text only) {
            return Fields.object().stringNode(only.text());
        }
        ArrayNode content = Fields.array();
        for (Part part : parts) {
            switch (part) {
                case Part.Text text -> content.addObject().put("type", "text").put("text", text.text());
                case Part.Image image ->
                    content.addObject()
                            .put("type", "image_url")
                            .set(
                                    "image_url",
                                    Fields.object().put("url", image.media().uri()));
                case Part.Audio audio ->
                    content.addObject()
                            .put("type", "input_audio")
                            .set(
                                    "input_audio",
                                    Fields.object()
                                            .put("data", audio.media().base64())
                                            .put("format", audioFormat(audio.media())));
                case Part.Document document -> document(document, content);
                case Part.Call call -> throw misplaced();
                case Part.Result result -> throw misplaced();
                case Part.Thinking thinking -> throw misplaced();
                case Part.Redacted redacted -> throw misplaced();
            }
        }
        return content;
    }

    private static RuntimeException misplaced() {
        return Fields.wrong("messages", "has a user who does what only an assistant can");
    }

    static String audioFormat(Media media) {
        return switch (String.valueOf(media.type())) {
            case "audio/mp3", "audio/mpeg" -> "mp3";
            case "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave" -> "wav";
            default -> throw Fields.inexpressible("messages", "send audio as WAV or MP3");
        };
    }

    private static void document(Part.Document document, ArrayNode content) {
        Media media = document.media();
        if (media.base64() == null) {
            throw Fields.inexpressible("messages", "a document must be sent itself, not as an address");
        }
        if (media.is("text/")) {
            String head = document.title() == null ? "" : document.title() + "\n\n";
            content.addObject().put("type", "text").put("text", head + media.decoded());
            return;
        }
        content.addObject()
                .put("type", "file")
                .set(
                        "file",
                        Fields.object()
                                .put("filename", document.title() == null ? "document.pdf" : document.title())
                                .put("file_data", media.uri()));
    }

    private static void assistant(Turn turn, ToolNames names, List<String> quirks, ArrayNode messages) {
        boolean keeps = quirks.contains("keeps_thinking");
        StringBuilder text = new StringBuilder();
        StringBuilder thoughts = new StringBuilder();
        StringBuilder unsigned = new StringBuilder();
        ArrayNode blocks = Fields.array();
        ArrayNode calls = Fields.array();
        Signature ofNextCall = null;
        for (Part part : turn.parts()) {
            switch (part) {
                case Part.Text said -> text.append(said.text());
                case Part.Call call -> {
                    ObjectNode node = ChatWriter.call(call.id(), names.legal(call.name()), call.arguments());
                    if (ofNextCall != null && (keeps || quirks.contains("google_signatures"))) {
                        ChatWriter.mark(node, ofNextCall);
                    }
                    ofNextCall = null;
                    calls.add(node);
                }
                case Part.Thinking thinking -> {
                    thoughts.append(thinking.text());
                    Signature signature = thinking.signature();
                    if (signature == null) {
                        unsigned.append(thinking.text());
                    } else if (signature.maker() == Signature.Maker.GOOGLE) {
                        ofNextCall = signature;
                    } else {
                        blocks.add(ChatWriter.signed(unsigned + thinking.text(), signature));
                        unsigned.setLength(0);
                    }
                }
                case Part.Redacted redacted -> blocks.add(ChatWriter.redacted(redacted.data()));
                case Part.Image shown -> throw Fields.inexpressible("messages", "an assistant says text only");
                case Part.Audio heard -> throw Fields.inexpressible("messages", "an assistant says text only");
                case Part.Document shown -> throw Fields.inexpressible("messages", "an assistant says text only");
                case Part.Result result -> throw Fields.wrong("messages", "has a tool result that an assistant gives");
            }
        }
        ObjectNode message = Fields.object().put("role", "assistant");
        if (text.isEmpty() && !calls.isEmpty()) {
            message.putNull("content");
        } else {
            message.put("content", text.toString());
        }
        boolean wanted = !calls.isEmpty() && quirks.contains("wants_reasoning");
        if (!thoughts.isEmpty() && (keeps || wanted)) {
            message.put("reasoning_content", thoughts.toString());
        }
        if (!blocks.isEmpty() && keeps) {
            message.set("thinking_blocks", blocks);
        }
        if (!calls.isEmpty()) {
            message.set("tool_calls", calls);
        }
        boolean thinks = keeps && !(thoughts.isEmpty() && blocks.isEmpty());
        if (!calls.isEmpty() || !text.isEmpty() || thinks) {
            messages.add(message);
        }
    }
}
