package dev.sluice.format;

import dev.sluice.format.Conversation.Media;
import dev.sluice.format.Conversation.Output;
import dev.sluice.format.Conversation.Part;
import dev.sluice.format.Conversation.Role;
import dev.sluice.format.Conversation.Sampling;
import dev.sluice.format.Conversation.Tool;
import dev.sluice.format.Conversation.ToolChoice;
import dev.sluice.format.Conversation.Turn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's responses. What it keeps between calls is at OpenAI alone: elsewhere the whole conversation must be sent. */
final class ResponsesForm implements Form {
    private static final int LEAST_TOKENS = 16;

    @Override
    public Question read(byte[] body, boolean stream) {
        JsonNode ask = Fields.body(body);
        for (String name : new String[] {"previous_response_id", "conversation", "prompt"}) {
            if (Fields.given(ask.path(name))) {
                throw Fields.inexpressible(name, "send the whole conversation as 'input'");
            }
        }
        if (ask.path("background").asBoolean(false)) {
            throw Fields.inexpressible("background", "wait for the answer, or stream it");
        }
        List<Part.Text> system = new ArrayList<>();
        String instructions = Fields.text(ask, "instructions");
        if (instructions != null && !instructions.isEmpty()) {
            system.add(new Part.Text(instructions));
        }
        Conversation.Turns turns = new Conversation.Turns();
        JsonNode input = ask.path("input");
        if (input.isString()) {
            turns.say(Role.USER, new Part.Text(input.asString()));
        } else {
            items(ask, system, turns);
        }
        ToolChoice[] choice = {ToolChoice.AUTO};
        List<Tool> tools = tools(ask, choice);
        JsonNode format = ask.path("text").path("format");
        return new Conversation(
                system,
                turns.all(),
                tools,
                choice[0],
                !Boolean.FALSE.equals(Fields.flag(ask, "parallel_tool_calls")),
                Fields.given(format) ? ChatForm.output(format) : Output.TEXT,
                Fields.whole(ask, "max_output_tokens"),
                new Sampling(Fields.decimal(ask, "temperature"), Fields.decimal(ask, "top_p"), null, null, null, null),
                List.of(),
                ChatForm.reasoning(ask.path("reasoning").path("effort").asString(null), "reasoning.effort"),
                stream,
                ask.path("safety_identifier").asString(ask.path("user").asString(null)));
    }

    private static void items(JsonNode ask, List<Part.Text> system, Conversation.Turns turns) {
        Map<String, String> called = new HashMap<>();
        int index = 0;
        for (JsonNode item : Fields.list(ask, "input")) {
            String at = "input[" + index++ + "]";
            switch (item.path("type").asString("message")) {
                case "message" -> message(item, at, system, turns);
                case "function_call" -> {
                    String id = item.path("call_id").asString("");
                    String name = item.path("name").asString("");
                    if (id.isEmpty() || name.isEmpty()) {
                        throw Fields.wrong(at, "is a call without a call_id or a name");
                    }
                    called.put(id, name);
                    turns.say(
                            Role.ASSISTANT,
                            new Part.Call(id, name, item.path("arguments").asString("{}")));
                }
                case "function_call_output" -> {
                    String id = item.path("call_id").asString("");
                    if (id.isEmpty()) {
                        throw Fields.wrong(at + ".call_id", "is missing");
                    }
                    turns.say(
                            Role.USER,
                            new Part.Result(
                                    id,
                                    called.getOrDefault(id, ""),
                                    content(item.path("output"), at + ".output"),
                                    false));
                }
                case "reasoning" -> thinking(item, turns);
                default ->
                    throw Fields.inexpressible(at + ".type", "only messages, function calls and their outputs can");
            }
        }
    }

    private static void message(JsonNode item, String at, List<Part.Text> system, Conversation.Turns turns) {
        String role = item.path("role").asString("");
        List<Part> parts = content(item.path("content"), at + ".content");
        switch (role) {
            case "system", "developer" -> {
                for (Part part : parts) {
                    if (part instanceof Part.Text text) {
                        system.add(text);
                    }
                }
            }
            case "user" -> parts.forEach(part -> turns.say(Role.USER, part));
            case "assistant" -> parts.forEach(part -> turns.say(Role.ASSISTANT, part));
            default -> throw Fields.wrong(at + ".role", "is none of system, developer, user, assistant");
        }
    }

    private static void thinking(JsonNode item, Conversation.Turns turns) {
        StringBuilder text = new StringBuilder();
        for (JsonNode part : item.path("summary")) {
            text.append(part.path("text").asString(""));
        }
        String encrypted = item.path("encrypted_content").asString("");
        if (!text.isEmpty() || !encrypted.isEmpty()) {
            turns.say(Role.ASSISTANT, Signature.thinking(text.toString(), encrypted, Signature.Maker.OPENAI));
        }
    }

    private static List<Part> content(JsonNode content, String at) {
        if (content.isString()) {
            return content.asString().isEmpty() ? List.of() : List.of(new Part.Text(content.asString()));
        }
        List<Part> parts = new ArrayList<>();
        int index = 0;
        for (JsonNode part : content) {
            String place = at + "[" + index++ + "]";
            switch (part.path("type").asString("")) {
                case "input_text", "output_text", "text" ->
                    parts.add(new Part.Text(part.path("text").asString("")));
                case "refusal" -> parts.add(new Part.Text(part.path("refusal").asString("")));
                case "input_image" -> {
                    String url = part.path("image_url").asString("");
                    if (url.isEmpty()) {
                        throw Fields.inexpressible(place + ".file_id", "send the image itself as 'image_url'");
                    }
                    parts.add(new Part.Image(Fields.media(url, place + ".image_url")));
                }
                case "input_file" -> {
                    String data = part.path("file_data")
                            .asString(part.path("file_url").asString(""));
                    if (data.isEmpty()) {
                        throw Fields.inexpressible(place + ".file_id", "send the file itself as 'file_data'");
                    }
                    parts.add(new Part.Document(
                            Fields.media(data, place + ".file_data"),
                            part.path("filename").asString(null)));
                }
                case "input_audio" -> {
                    JsonNode audio = part.path("input_audio");
                    parts.add(new Part.Audio(new Media(
                            "audio/" + audio.path("format").asString("wav"),
                            audio.path("data").asString(""),
                            null)));
                }
                default -> throw Fields.inexpressible(place + ".type", "use input_text, input_image or input_file");
            }
        }
        return parts;
    }

    private static List<Tool> tools(JsonNode ask, ToolChoice[] choice) {
        List<Tool> tools = new ArrayList<>();
        int index = 0;
        for (JsonNode tool : Fields.list(ask, "tools")) {
            String at = "tools[" + index++ + "]";
            if (!tool.path("type").asString("").equals("function")) {
                throw Fields.inexpressible(at + ".type", "only functions can");
            }
            tools.add(Tool.read(tool, at, "parameters", false));
        }
        JsonNode wanted = ask.path("tool_choice");
        boolean allowed = wanted.path("type").asString("").equals("allowed_tools");
        if (allowed) {
            List<String> names = new ArrayList<>();
            wanted.path("tools").forEach(each -> names.add(each.path("name").asString("")));
            tools.removeIf(tool -> !names.contains(tool.name()));
        }
        choice[0] = ChatForm.choice(
                allowed ? wanted.path("mode") : wanted,
                allowed ? null : wanted.path("name").asString(null));
        return tools;
    }

    @Override
    public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
        Conversation asked = (Conversation) question;
        ObjectNode body = Fields.object().put("model", model).put("store", false);
        if (!asked.system().isEmpty()) {
            body.put("instructions", ChatForm.joined(asked.system()));
        }
        ArrayNode input = body.putArray("input");
        asked.turns().forEach(turn -> turn(turn, names, input));
        if (asked.stream()) {
            body.put("stream", true);
        }
        if (asked.maxTokens() != null) {
            body.put("max_output_tokens", Math.max(LEAST_TOKENS, asked.maxTokens()));
        }
        if (ChatForm.reasons(model)) {
            body.putArray("include")
                    .add("reasoning.encrypted_content"); // nothing is stored, so the caller brings it back
        } else {
            ChatForm.put(body, "temperature", asked.sampling().temperature());
            ChatForm.put(body, "top_p", asked.sampling().topP());
        }
        writeTools(asked, names, body);
        Output output = asked.output();
        if (output.json()) {
            ObjectNode format = body.putObject("text").putObject("format");
            JsonNode schema = output.schema();
            format.put("type", schema == null ? "json_object" : "json_schema");
            if (schema != null) {
                format.put("name", output.name() == null ? "answer" : output.name())
                        .set("schema", schema);
                format.put("strict", Boolean.TRUE.equals(output.strict()));
            }
        }
        String effort = ChatForm.effort(asked.reasoning(), model);
        if (effort != null) {
            body.putObject("reasoning").put("effort", effort).put("summary", "auto");
        }
        if (asked.user() != null) {
            body.put("user", asked.user());
        }
        return Fields.bytes(body);
    }

    private static void writeTools(Conversation asked, ToolNames names, ObjectNode body) {
        if (asked.tools().isEmpty()) {
            return;
        }
        ArrayNode tools = body.putArray("tools");
        for (Tool tool : asked.tools()) {
            ObjectNode node = tools.addObject().put("type", "function").put("name", names.legal(tool.name()));
            if (tool.description() != null) {
                node.put("description", tool.description());
            }
            node.set("parameters", tool.schema() == null ? ChatForm.noArguments() : tool.schema());
            node.put("strict", Boolean.TRUE.equals(tool.strict())); // true is what it takes for granted
        }
        ToolChoice choice = asked.toolChoice();
        if (choice.name() != null) {
            body.putObject("tool_choice").put("type", "function").put("name", names.legal(choice.name()));
        } else if (choice.mode() != ToolChoice.Mode.AUTO) {
            body.put("tool_choice", choice.forced() ? "required" : "none");
        }
        if (!asked.parallelTools()) {
            body.put("parallel_tool_calls", false);
        }
    }

    private static void turn(Turn turn, ToolNames names, ArrayNode input) {
        boolean user = turn.role() == Role.USER;
        ArrayNode content = Fields.array();
        for (Part part : turn.parts()) {
            switch (part) {
                case Part.Thinking thinking -> {
                    Signature signature = thinking.signature();
                    if (signature != null && signature.maker() == Signature.Maker.OPENAI) {
                        flush(content, turn.role(), input);
                        content = Fields.array();
                        reasoning(thinking.text(), signature, input);
                    }
                }
                case Part.Call call -> {
                    flush(content, turn.role(), input);
                    content = Fields.array();
                    input.addObject()
                            .put("type", "function_call")
                            .put("call_id", call.id())
                            .put("name", names.legal(call.name()))
                            .put("arguments", call.arguments());
                }
                case Part.Result result -> {
                    ObjectNode item = input.addObject()
                            .put("type", "function_call_output")
                            .put("call_id", result.callId());
                    boolean shows = result.content().stream().anyMatch(each -> !(each instanceof Part.Text));
                    if (shows) {
                        ArrayNode parts = item.putArray("output");
                        if (result.error()) {
                            part(new Part.Text("Error: "), true, parts);
                        }
                        result.content().forEach(each -> part(each, true, parts));
                    } else {
                        item.put("output", (result.error() ? "Error: " : "") + result.text());
                    }
                }
                default -> part(part, user, content);
            }
        }
        flush(content, turn.role(), input);
    }

    /** Its text must stand as it was; without an id it is taken for new. */
    private static void reasoning(String text, Signature signature, ArrayNode input) {
        ObjectNode item = input.addObject().put("type", "reasoning");
        ArrayNode summary = item.putArray("summary");
        if (!text.isEmpty()) {
            summary.addObject().put("type", "summary_text").put("text", text);
        }
        item.put("encrypted_content", signature.value());
    }

    private static void flush(ArrayNode content, Role role, ArrayNode input) {
        if (!content.isEmpty()) {
            input.addObject()
                    .put("type", "message")
                    .put("role", role == Role.USER ? "user" : "assistant")
                    .set("content", content);
        }
    }

    private static void part(Part part, boolean user, ArrayNode content) {
        switch (part) {
            case Part.Text text ->
                content.addObject()
                        .put("type", user ? "input_text" : "output_text")
                        .put("text", text.text());
            case Part.Image image ->
                content.addObject()
                        .put("type", "input_image")
                        .put("image_url", image.media().uri());
            case Part.Document document -> {
                ObjectNode file = content.addObject().put("type", "input_file");
                Media media = document.media();
                if (media.url() != null) {
                    file.put("file_url", media.url());
                } else {
                    String name = media.is("text/") ? "document.txt" : "document.pdf";
                    file.put("filename", document.title() == null ? name : document.title())
                            .put("file_data", media.uri());
                }
            }
            case Part.Audio audio ->
                content.addObject()
                        .put("type", "input_audio")
                        .putObject("input_audio")
                        .put("data", audio.media().base64())
                        .put("format", ChatForm.audioFormat(audio.media()));
            case Part.Thinking thinking -> {
                // an item of its own, where it was made there
            }
            case Part.Redacted redacted -> {
                // only its maker can read it
            }
            case Part.Call call -> {
                // an item of its own
            }
            case Part.Result result -> {
                // an item of its own
            }
        }
    }

    /** What an answer repeats of its question. */
    static void echo(@Nullable Question question, ObjectNode response) {
        Conversation asked = question instanceof Conversation conversation ? conversation : null;
        response.put(
                "instructions", asked == null || asked.system().isEmpty() ? null : ChatForm.joined(asked.system()));
        response.put("max_output_tokens", asked == null ? null : asked.maxTokens());
        response.put("parallel_tool_calls", asked == null || asked.parallelTools());
        response.putNull("previous_response_id");
        response.put("store", false);
        response.put("temperature", asked == null ? null : asked.sampling().temperature());
        response.put("top_p", asked == null ? null : asked.sampling().topP());
        response.put("truncation", "disabled");
        response.putObject("metadata");
        response.putObject("text").putObject("format").put("type", "text");
        ToolChoice choice = asked == null ? ToolChoice.AUTO : asked.toolChoice();
        if (choice.name() != null) {
            response.putObject("tool_choice").put("type", "function").put("name", choice.name());
        } else {
            response.put(
                    "tool_choice",
                    switch (choice.mode()) {
                        case AUTO -> "auto";
                        case REQUIRED -> "required";
                        case NONE -> "none";
                    });
        }
        ArrayNode tools = response.putArray("tools");
        if (asked != null) {
            for (Tool tool : asked.tools()) {
                ObjectNode node = tools.addObject().put("type", "function").put("name", tool.name());
                node.put("description", tool.description());
                node.set("parameters", tool.schema() == null ? ChatForm.noArguments() : tool.schema());
                node.put("strict", Boolean.TRUE.equals(tool.strict()));
            }
        }
    }
}
