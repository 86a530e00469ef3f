package dev.sluice.format;

import dev.sluice.format.Conversation.Media;
import dev.sluice.format.Conversation.Part;
import dev.sluice.format.Conversation.Role;
import dev.sluice.format.Conversation.Tool;
import dev.sluice.format.Conversation.ToolChoice;
import dev.sluice.format.Conversation.Turn;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** AWS Bedrock's Converse, which only vendors speak. The model and the wish for a stream stand in the path. */
final class ConverseForm implements Form {

    @Override
    public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
        Conversation asked = (Conversation) question;
        ObjectNode body = Fields.object();
        system(asked, body);
        body.set("messages", messages(asked, names));
        ObjectNode more = Fields.object();
        boolean claude = model.contains("claude");
        Long budget = claude ? think(asked, model, more) : null;
        ObjectNode config = Fields.object();
        if (asked.maxTokens() != null || budget != null) {
            long max = asked.maxTokens() == null ? 0 : asked.maxTokens();
            config.put("maxTokens", budget == null ? max : Math.max(max, budget + 1));
        }
        if (more.isEmpty()) {
            Double temperature = asked.sampling().temperature();
            ChatForm.put(config, "temperature", temperature == null ? null : Double.valueOf(Math.min(1, temperature)));
            if (!claude || temperature == null) {
                ChatForm.put(config, "topP", asked.sampling().topP());
            }
            if (claude && asked.sampling().topK() != null) {
                more.put("top_k", asked.sampling().topK());
            }
        }
        if (!asked.stop().isEmpty()) {
            ArrayNode stop = config.putArray("stopSequences");
            asked.stop().forEach(stop::add);
        }
        if (!config.isEmpty()) {
            body.set("inferenceConfig", config);
        }
        tools(asked, names, budget != null, body);
        if (!more.isEmpty()) {
            body.set("additionalModelRequestFields", more);
        }
        return Fields.bytes(body);
    }

    private static @Nullable Long think(Conversation asked, String model, ObjectNode more) {
        ObjectNode config = Fields.object();
        MessagesForm.think(asked, model, more, config);
        if (!config.isEmpty()) {
            more.set("output_config", config);
        }
        JsonNode budget = more.path("thinking").path("budget_tokens");
        return budget.isNumber() ? Long.valueOf(budget.asLong()) : null;
    }

    private static void system(Conversation asked, ObjectNode body) {
        List<Part.Text> system = new ArrayList<>(asked.system());
        if (asked.output().json()) {
            JsonNode schema = asked.output().schema();
            system.add(new Part.Text(
                    schema == null
                            ? "Answer with one JSON object and nothing else."
                            : "Answer with one JSON object that conforms to this JSON Schema, and nothing else: "
                                    + schema));
        }
        if (!system.isEmpty()) {
            ArrayNode blocks = body.putArray("system");
            for (Part.Text text : system) {
                blocks.addObject().put("text", text.text());
                cachePoint(text.cached(), blocks);
            }
        }
    }

    private static void cachePoint(boolean cached, ArrayNode blocks) {
        if (cached) {
            blocks.addObject().putObject("cachePoint").put("type", "default");
        }
    }

    private static void tools(Conversation asked, ToolNames names, boolean mayNotForce, ObjectNode body) {
        boolean none = asked.toolChoice().mode() == ToolChoice.Mode.NONE;
        boolean used = asked.turns().stream()
                .flatMap(turn -> turn.parts().stream())
                .anyMatch(part -> part instanceof Part.Call || part instanceof Part.Result);
        if (asked.tools().isEmpty() || none && !used) {
            return; // there is no word for "none"; a history of calls must have its tools
        }
        ObjectNode config = body.putObject("toolConfig");
        ArrayNode tools = config.putArray("tools");
        for (Tool tool : asked.tools()) {
            ObjectNode spec = tools.addObject().putObject("toolSpec").put("name", names.legal(tool.name()));
            if (tool.description() != null) {
                spec.put("description", tool.description());
            }
            ObjectNode schema = tool.schema() == null
                    ? ChatForm.noArguments()
                    : tool.schema().deepCopy();
            spec.putObject("inputSchema").set("json", schema.put("type", "object"));
            cachePoint(tool.cached(), tools);
        }
        ToolChoice choice = asked.toolChoice();
        if (choice.forced() && !mayNotForce) {
            ObjectNode node = config.putObject("toolChoice");
            if (choice.name() == null) {
                node.putObject("any");
            } else {
                node.putObject("tool").put("name", names.legal(choice.name()));
            }
        }
    }

    private static ArrayNode messages(Conversation asked, ToolNames names) {
        ArrayNode messages = Fields.array();
        ToolNames ids = ToolNames.ids(asked, MessagesForm.LONGEST_ID);
        if (asked.turns().isEmpty() || asked.turns().getFirst().role() == Role.ASSISTANT) {
            messages.addObject()
                    .put("role", "user")
                    .putArray("content")
                    .addObject()
                    .put("text", "."); // the first word must be the user's
        }
        for (Turn turn : asked.turns()) {
            ArrayNode content = Fields.array();
            turn.parts().stream()
                    .filter(part -> part instanceof Part.Result)
                    .forEach(part -> block(part, names, ids, content));
            turn.parts().stream()
                    .filter(part -> !(part instanceof Part.Result))
                    .forEach(part -> block(part, names, ids, content));
            boolean lonely = turn.parts().stream().anyMatch(part -> part instanceof Part.Document)
                    && turn.parts().stream().noneMatch(part -> part instanceof Part.Text);
            if (lonely) {
                content.addObject().put("text", "."); // a document must not stand alone
            }
            if (!content.isEmpty()) {
                messages.addObject()
                        .put("role", turn.role() == Role.USER ? "user" : "assistant")
                        .set("content", content);
            }
        }
        return messages;
    }

    private static void block(Part part, ToolNames names, ToolNames ids, ArrayNode content) {
        switch (part) {
            case Part.Text text -> {
                if (!text.text().isBlank()) {
                    content.addObject().put("text", text.text());
                    cachePoint(text.cached(), content);
                }
            }
            case Part.Image image -> {
                String format = String.valueOf(image.media().type()).replaceFirst("^image/", "");
                content.addObject()
                        .putObject("image")
                        .put("format", format)
                        .putObject("source")
                        .put("bytes", bytes(image.media(), "images"));
            }
            case Part.Document document ->
                content.addObject()
                        .putObject("document")
                        .put("format", format(document.media()))
                        .put("name", name(document.title()) + " " + (content.size() + 1))
                        .putObject("source")
                        .put("bytes", bytes(document.media(), "documents"));
            case Part.Audio audio -> throw Fields.inexpressible("messages", "it does not hear; leave the audio out");
            case Part.Call call ->
                content.addObject()
                        .putObject("toolUse")
                        .put("toolUseId", ids.legal(call.id()))
                        .put("name", names.legal(call.name()))
                        .set("input", Fields.arguments(call.arguments()));
            case Part.Result result -> {
                ObjectNode node =
                        content.addObject().putObject("toolResult").put("toolUseId", ids.legal(result.callId()));
                ArrayNode shown = node.putArray("content");
                result.content().forEach(each -> block(each, names, ids, shown));
                if (shown.isEmpty()) {
                    shown.addObject().put("text", ".");
                }
                if (result.error()) {
                    node.put("status", "error");
                }
            }
            case Part.Thinking thinking -> {
                Signature signature = thinking.signature();
                if (signature != null && signature.maker() == Signature.Maker.ANTHROPIC) {
                    content.addObject()
                            .putObject("reasoningContent")
                            .putObject("reasoningText")
                            .put("text", thinking.text())
                            .put("signature", signature.value());
                }
            }
            case Part.Redacted redacted -> {
                if (redacted.data().maker() == Signature.Maker.ANTHROPIC) {
                    content.addObject()
                            .putObject("reasoningContent")
                            .put("redactedContent", redacted.data().value());
                }
            }
        }
    }

    private static String bytes(Media media, String what) {
        if (media.base64() == null) {
            throw GeminiForm.linked(what);
        }
        return media.base64();
    }

    private static String format(Media media) {
        return switch (String.valueOf(media.type())) {
            case "application/pdf" -> "pdf";
            case "text/csv" -> "csv";
            case "text/html" -> "html";
            case "text/markdown" -> "md";
            default -> "txt";
        };
    }

    private static String name(@Nullable String title) {
        String plain = title == null
                ? ""
                : title.replaceAll("[^a-zA-Z0-9()\\[\\]-]+", " ").strip();
        return plain.isEmpty() ? "document" : plain.substring(0, Math.min(plain.length(), 150));
    }
}
