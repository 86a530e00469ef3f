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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Anthropic's messages. */
final class MessagesForm implements Form {
    /** What an answer may have where the caller set no limit: the form demands one. */
    private static final long DEFAULT_MAX_TOKENS = 8_192;

    /** The models of the third generation refuse more. */
    private static final long OLD_MAX_TOKENS = 4_096;

    private static final int LEAST_BUDGET = 1_024;

    /** Of a tool call; Converse, which has the same models behind it, takes no longer one. */
    static final int LONGEST_ID = 64;

    /** A line of Claude Code's that Anthropic bills by; elsewhere it only spoils the prompt's cache. */
    private static final String BILLING_LINE = "x-anthropic-billing-header:";

    /** {@code claude-opus-4-6…}: the words, then major and minor version. A date is no minor version. */
    private static final Pattern VERSION =
            Pattern.compile("claude-(?:[a-z]+-)?([0-9]{1,2})(?:[-.]([0-9]{1,2})(?![0-9]))?");

    @Override
    public Question read(byte[] body, boolean stream) {
        JsonNode ask = Fields.body(body);
        for (String name : new String[] {"container", "mcp_servers"}) {
            if (Fields.given(ask.path(name)) && !ask.path(name).isEmpty()) {
                throw Fields.inexpressible(name, "only Anthropic's own models have that");
            }
        }
        List<Part.Text> system = new ArrayList<>();
        system(ask.path("system"), "system", system);
        Conversation.Turns turns = new Conversation.Turns();
        Map<String, String> called = new HashMap<>();
        List<JsonNode> messages = Fields.list(ask, "messages");
        for (int i = 0; i < messages.size(); i++) {
            message(messages.get(i), "messages[" + i + "]", system, turns, called);
        }
        JsonNode choice = ask.path("tool_choice");
        return new Conversation(
                system,
                turns.all(),
                tools(ask),
                choice(choice),
                !choice.path("disable_parallel_tool_use").asBoolean(false),
                output(ask),
                Fields.whole(ask, "max_tokens"),
                new Sampling(
                        Fields.decimal(ask, "temperature"),
                        Fields.decimal(ask, "top_p"),
                        Fields.whole(ask, "top_k"),
                        null,
                        null,
                        null),
                Fields.texts(ask, "stop_sequences"),
                reasoning(ask),
                stream,
                // Claude Code puts ids of the device and the session there: no name that another vendor should get.
                null);
    }

    private static void system(JsonNode given, String at, List<Part.Text> system) {
        if (given.isString()) {
            say(given.asString(), false, system);
        } else if (Fields.given(given)) {
            if (!given.isArray()) {
                throw Fields.wrong(at, "is neither a text nor a list of blocks");
            }
            for (JsonNode block : given) {
                if (!block.path("text").isString()) {
                    throw Fields.wrong(at, "holds a block that is not text");
                }
                say(block.path("text").asString(), Fields.given(block.path("cache_control")), system);
            }
        }
    }

    private static void say(String text, boolean cached, List<Part.Text> system) {
        if (!text.isBlank() && !text.startsWith(BILLING_LINE)) {
            system.add(new Part.Text(text, cached));
        }
    }

    private static void message(
            JsonNode message, String at, List<Part.Text> system, Conversation.Turns turns, Map<String, String> called) {
        JsonNode content = message.path("content");
        Role role = switch (message.path("role").asString("")) {
            case "user" -> Role.USER;
            case "assistant" -> Role.ASSISTANT;
            case "system" -> null;
            default -> throw Fields.wrong(at + ".role", "is neither user nor assistant");
        };
        if (role == null) {
            system(content, at + ".content", system);
        } else if (content.isString()) {
            if (!content.asString().isEmpty()) {
                turns.say(role, new Part.Text(content.asString()));
            }
        } else {
            int index = 0;
            for (JsonNode block : Fields.list(message, "content")) {
                block(block, at + ".content[" + index++ + "]", role, turns, called);
            }
        }
    }

    private static void block(
            JsonNode block, String at, Role role, Conversation.Turns turns, Map<String, String> called) {
        String type = block.path("type").asString("");
        switch (type) {
            case "tool_use" -> {
                String id = block.path("id").asString("");
                String name = block.path("name").asString("");
                if (id.isEmpty() || name.isEmpty()) {
                    throw Fields.wrong(at, "is a tool use without an id or a name");
                }
                called.put(id, name);
                JsonNode input = block.path("input");
                turns.say(role, new Part.Call(id, name, input.isObject() ? input.toString() : "{}"));
            }
            case "tool_result" -> {
                String id = block.path("tool_use_id").asString("");
                if (id.isEmpty()) {
                    throw Fields.wrong(at + ".tool_use_id", "is missing");
                }
                turns.say(
                        Role.USER,
                        new Part.Result(
                                id,
                                called.getOrDefault(id, ""),
                                shown(block.path("content"), at + ".content"),
                                block.path("is_error").asBoolean(false)));
            }
            case "thinking" ->
                turns.say(
                        role,
                        Signature.thinking(
                                block.path("thinking").asString(""),
                                block.path("signature").asString(""),
                                Signature.Maker.ANTHROPIC));
            case "redacted_thinking" ->
                turns.say(
                        role,
                        new Part.Redacted(Signature.read(block.path("data").asString(""), Signature.Maker.ANTHROPIC)));
            default -> {
                boolean ofServer = type.equals("server_tool_use") || type.endsWith("_tool_result");
                if (!ofServer) { // what Anthropic's own tools did is told by the text around it
                    Part part = part(block, at);
                    if (part != null) {
                        turns.say(role, part);
                    }
                }
            }
        }
    }

    private static List<Part> shown(JsonNode content, String at) {
        if (content.isString()) {
            return List.of(new Part.Text(content.asString()));
        }
        List<Part> parts = new ArrayList<>();
        int index = 0;
        for (JsonNode block : content) {
            Part part = part(block, at + "[" + index++ + "]");
            if (part != null) {
                parts.add(part);
            }
        }
        return parts;
    }

    private static @Nullable Part part(JsonNode block, String at) {
        return switch (block.path("type").asString("")) {
            case "text" -> {
                String text = block.path("text").asString("");
                yield text.isEmpty() ? null : new Part.Text(text, Fields.given(block.path("cache_control")));
            }
            case "image" -> new Part.Image(media(block.path("source"), at + ".source"));
            case "document" -> document(block, at);
            case "search_result" ->
                new Part.Text(block.path("title").asString("") + "\n"
                        + block.path("source").asString("") + "\n" + texts(block.path("content")));
            default ->
                throw Fields.inexpressible(
                        at + ".type", "use text, image, document, tool_use, tool_result or thinking");
        };
    }

    private static Part document(JsonNode block, String at) {
        JsonNode source = block.path("source");
        String title = block.path("title").asString(null);
        return switch (source.path("type").asString("")) {
            case "text" ->
                new Part.Text((title == null ? "" : title + "\n\n")
                        + source.path("data").asString(""));
            case "content" -> new Part.Text(texts(source.path("content")));
            default -> new Part.Document(media(source, at + ".source"), title);
        };
    }

    private static String texts(JsonNode content) {
        if (content.isString()) {
            return content.asString();
        }
        StringBuilder all = new StringBuilder();
        for (JsonNode block : content) {
            all.append(all.isEmpty() ? "" : "\n").append(block.path("text").asString(""));
        }
        return all.toString();
    }

    private static Media media(JsonNode source, String at) {
        return switch (source.path("type").asString("")) {
            case "base64" ->
                new Media(
                        source.path("media_type").asString("application/octet-stream"),
                        source.path("data").asString(""),
                        null);
            case "url" -> new Media(null, null, source.path("url").asString(""));
            default -> throw Fields.inexpressible(at, "send the bytes themselves, in base64, or an address");
        };
    }

    private static List<Tool> tools(JsonNode ask) {
        List<Tool> tools = new ArrayList<>();
        int index = 0;
        for (JsonNode tool : Fields.list(ask, "tools")) {
            String at = "tools[" + index++ + "]";
            if (!tool.path("type").asString("custom").equals("custom")) {
                throw Fields.inexpressible(at + ".type", "only Anthropic's own models have that tool");
            }
            tools.add(Tool.read(tool, at, "input_schema", Fields.given(tool.path("cache_control"))));
        }
        return tools;
    }

    private static ToolChoice choice(JsonNode choice) {
        if (!Fields.given(choice)) {
            return ToolChoice.AUTO;
        }
        return switch (choice.path("type").asString("")) {
            case "auto" -> ToolChoice.AUTO;
            case "any" -> new ToolChoice(ToolChoice.Mode.REQUIRED, null);
            case "none" -> new ToolChoice(ToolChoice.Mode.NONE, null);
            case "tool" ->
                new ToolChoice(ToolChoice.Mode.REQUIRED, choice.path("name").asString(null));
            default -> throw Fields.wrong("tool_choice.type", "is none of auto, any, tool, none");
        };
    }

    private static Output output(JsonNode ask) {
        JsonNode format = ask.path("output_config").path("format");
        if (!Fields.given(format)) {
            format = ask.path("output_format"); // as it was called at first
        }
        return format.path("type").asString("").equals("json_schema")
                ? new Output(true, format.path("schema"), null, true)
                : Output.TEXT;
    }

    private static Reasoning reasoning(JsonNode ask) {
        JsonNode thinking = ask.path("thinking");
        String word = ask.path("output_config").path("effort").asString("");
        Reasoning.Effort effort = Reasoning.Effort.of(word);
        return switch (thinking.path("type").asString("")) {
            case "enabled" -> new Reasoning(effort, Fields.whole(thinking, "budget_tokens"));
            case "adaptive" -> new Reasoning(effort == null ? Reasoning.Effort.MEDIUM : effort, null);
            case "disabled" -> new Reasoning(Reasoning.Effort.NONE, null); // others think unless they are told not to
            default -> Reasoning.UNSET; // an effort without thinking says how long an answer should be
        };
    }

    @Override
    public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
        Conversation asked = (Conversation) question;
        ObjectNode body = Fields.object().put("model", model);
        long max = asked.maxTokens() != null ? asked.maxTokens() : defaultMaxTokens(model);
        ObjectNode config = Fields.object();
        boolean thinks = think(asked, model, body, config);
        Long budget = body.path("thinking").has("budget_tokens")
                ? Long.valueOf(body.path("thinking").path("budget_tokens").asLong())
                : null;
        body.put("max_tokens", budget == null ? max : Math.max(max, budget + 1));
        system(asked, model, body, config);
        body.set("messages", messages(asked, names));
        if (asked.stream()) {
            body.put("stream", true);
        }
        if (!asked.stop().isEmpty()) {
            ArrayNode stop = Fields.array();
            asked.stop().stream().filter(each -> !each.isBlank()).forEach(stop::add);
            body.set("stop_sequences", stop);
        }
        if (!thinks) {
            sampling(asked.sampling(), body);
        }
        writeTools(asked, names, thinks && budget != null, body);
        if (!config.isEmpty()) {
            body.set("output_config", config);
        }
        if (asked.user() != null) {
            body.set("metadata", Fields.object().put("user_id", asked.user()));
        }
        return Fields.bytes(body);
    }

    private static long defaultMaxTokens(String model) {
        return version(model) > 0 && version(model) < 305 ? OLD_MAX_TOKENS : DEFAULT_MAX_TOKENS;
    }

    /** 406 for 4.6; 0 where the name tells none. */
    private static int version(String model) {
        Matcher name = VERSION.matcher(model);
        if (!name.find()) {
            return 0;
        }
        String minor = name.group(2);
        return Integer.parseInt(name.group(1)) * 100 + (minor == null ? 0 : Integer.parseInt(minor));
    }

    private static void sampling(Sampling sampling, ObjectNode body) {
        Double temperature = sampling.temperature();
        if (temperature != null) {
            body.put("temperature", Math.min(1, temperature));
        } else {
            ChatForm.put(body, "top_p", sampling.topP()); // newer models refuse both together
        }
        if (sampling.topK() != null) {
            body.put("top_k", sampling.topK());
        }
    }

    /** Whether it was asked to think. Old models cannot; a history of unsigned tool calls forbids it to others. */
    static boolean think(Conversation asked, String model, ObjectNode body, ObjectNode config) {
        Reasoning.Effort effort = asked.reasoning().inWords();
        int version = version(model);
        if (effort == null || version > 0 && version < 307) {
            return false;
        }
        if (effort == Reasoning.Effort.NONE) {
            if (version >= 406 || version == 0) {
                body.set("thinking", Fields.object().put("type", "disabled"));
            }
            return false;
        }
        if (version >= 406 || version == 0) {
            body.set("thinking", Fields.object().put("type", "adaptive"));
            config.put("effort", effort == Reasoning.Effort.MINIMAL ? "low" : effort.word());
            return true;
        }
        Long wanted = asked.reasoning().inTokens();
        long budget = Math.max(LEAST_BUDGET, wanted == null ? 0 : wanted);
        if (asked.toolChoice().forced() || unsignedCalls(asked)) {
            return false;
        }
        body.set("thinking", Fields.object().put("type", "enabled").put("budget_tokens", budget));
        return true;
    }

    private static boolean unsignedCalls(Conversation asked) {
        for (Turn turn : asked.turns()) {
            boolean signed = false;
            for (Part part : turn.parts()) {
                signed |= part instanceof Part.Redacted
                        || part instanceof Part.Thinking thinking && ours(thinking.signature());
                if (part instanceof Part.Call && !signed) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean ours(@Nullable Signature signature) {
        return signature != null && signature.maker() == Signature.Maker.ANTHROPIC;
    }

    private static void system(Conversation asked, String model, ObjectNode body, ObjectNode config) {
        List<Part.Text> system = new ArrayList<>(asked.system());
        JsonNode schema = asked.output().schema();
        if (asked.output().json() && schema == null) {
            system.add(new Part.Text("Answer with one JSON object and nothing else."));
        } else if (schema != null && (version(model) == 0 || version(model) >= 405)) {
            config.set("format", Fields.object().put("type", "json_schema").set("schema", Schemas.closed(schema)));
        } else if (schema != null) {
            system.add(new Part.Text(
                    "Answer with one JSON object that conforms to this JSON Schema, and nothing else: " + schema));
        }
        if (!system.isEmpty()) {
            ArrayNode blocks = body.putArray("system");
            system.forEach(text -> blocks.add(text(text)));
        }
    }

    private static ObjectNode text(Part.Text text) {
        return cached(Fields.object().put("type", "text").put("text", text.text()), text.cached());
    }

    private static ObjectNode cached(ObjectNode block, boolean cached) {
        return cached ? block.set("cache_control", Fields.object().put("type", "ephemeral")) : block;
    }

    private static void writeTools(Conversation asked, ToolNames names, boolean mayNotForce, ObjectNode body) {
        if (asked.tools().isEmpty()) {
            return;
        }
        ArrayNode tools = body.putArray("tools");
        for (Tool tool : asked.tools()) {
            ObjectNode node = tools.addObject().put("name", names.legal(tool.name()));
            if (tool.description() != null) {
                node.put("description", tool.description());
            }
            ObjectNode schema = tool.schema() == null
                    ? ChatForm.noArguments()
                    : tool.schema().deepCopy();
            schema.put("type", "object");
            node.set("input_schema", schema);
            if (Boolean.TRUE.equals(tool.strict())) {
                node.put("strict", true);
            }
            cached(node, tool.cached());
        }
        ToolChoice choice = asked.toolChoice();
        if (choice.mode() == ToolChoice.Mode.AUTO && asked.parallelTools() || mayNotForce && choice.forced()) {
            return;
        }
        ObjectNode node = body.putObject("tool_choice");
        switch (choice.mode()) {
            case AUTO -> node.put("type", "auto");
            case NONE -> node.put("type", "none");
            case REQUIRED -> {
                node.put("type", choice.name() == null ? "any" : "tool");
                if (choice.name() != null) {
                    node.put("name", names.legal(choice.name()));
                }
            }
        }
        if (!asked.parallelTools() && choice.mode() != ToolChoice.Mode.NONE) {
            node.put("disable_parallel_tool_use", true);
        }
    }

    private static ArrayNode messages(Conversation asked, ToolNames names) {
        ArrayNode messages = Fields.array();
        ToolNames ids = ToolNames.ids(asked, LONGEST_ID);
        if (asked.turns().isEmpty() || asked.turns().getFirst().role() == Role.ASSISTANT) {
            messages.addObject().put("role", "user").put("content", "."); // the first word must be the user's
        }
        for (Turn turn : asked.turns()) {
            ArrayNode blocks = Fields.array();
            if (turn.role() == Role.USER) {
                // Results first, whatever stood before them: everything else is refused.
                turn.parts().stream()
                        .filter(part -> part instanceof Part.Result)
                        .forEach(part -> block(part, names, ids, blocks));
            }
            turn.parts().stream()
                    .filter(part -> !(part instanceof Part.Result))
                    .forEach(part -> block(part, names, ids, blocks));
            if (!blocks.isEmpty()) {
                messages.addObject()
                        .put("role", turn.role() == Role.USER ? "user" : "assistant")
                        .set("content", blocks);
            }
        }
        trimPrefill(messages);
        return messages;
    }

    /** An answer that the caller began must not end in white space. */
    private static void trimPrefill(ArrayNode messages) {
        JsonNode last = messages.path(messages.size() - 1);
        JsonNode blocks = last.path("content");
        if (last.path("role").asString("").equals("assistant")
                && blocks.path(blocks.size() - 1) instanceof ObjectNode block
                && block.path("type").asString("").equals("text")) {
            block.put("text", block.path("text").asString("").stripTrailing());
        }
    }

    private static void block(Part part, ToolNames names, ToolNames ids, ArrayNode blocks) {
        switch (part) {
            case Part.Text text -> {
                if (!text.text().isBlank()) {
                    blocks.add(text(text));
                }
            }
            case Part.Image image -> blocks.addObject().put("type", "image").set("source", source(image.media()));
            case Part.Document document -> {
                ObjectNode block = blocks.addObject().put("type", "document");
                if (document.media().is("text/") && document.media().base64() != null) {
                    block.set(
                            "source",
                            Fields.object()
                                    .put("type", "text")
                                    .put("media_type", "text/plain")
                                    .put("data", document.media().decoded()));
                } else {
                    block.set("source", source(document.media()));
                }
                if (document.title() != null) {
                    block.put("title", document.title());
                }
            }
            case Part.Audio audio -> throw heard();
            case Part.Call call ->
                blocks.addObject()
                        .put("type", "tool_use")
                        .put("id", ids.legal(call.id()))
                        .put("name", names.legal(call.name()))
                        .set("input", Fields.arguments(call.arguments()));
            case Part.Result result -> {
                ArrayNode content = Fields.array();
                result.content().forEach(shown -> block(shown, names, ids, content));
                ObjectNode block =
                        blocks.addObject().put("type", "tool_result").put("tool_use_id", ids.legal(result.callId()));
                if (!content.isEmpty()) {
                    block.set("content", content);
                }
                if (result.error()) {
                    block.put("is_error", true);
                }
            }
            case Part.Thinking thinking -> {
                Signature signature = thinking.signature();
                if (signature != null && ours(signature)) {
                    blocks.addObject()
                            .put("type", "thinking")
                            .put("thinking", thinking.text())
                            .put("signature", signature.value());
                }
            }
            case Part.Redacted redacted -> {
                if (ours(redacted.data())) {
                    blocks.addObject()
                            .put("type", "redacted_thinking")
                            .put("data", redacted.data().value());
                }
            }
        }
    }

    private static Refusal heard() {
        return Fields.inexpressible("messages", "it does not hear; leave the audio out");
    }

    private static ObjectNode source(Media media) {
        return media.url() != null
                ? Fields.object().put("type", "url").put("url", media.url())
                : Fields.object()
                        .put("type", "base64")
                        .put("media_type", media.type())
                        .put("data", media.base64());
    }
}
