package dev.sluice.vendor;

import dev.sluice.format.Format;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What an operator changes in the calls of one channel: fields of the body that are set, filled in or removed, words in
 * front of the system prompt, the name of reasoning, and statuses of the vendor's that mean others. It speaks of the body as the vendor gets
 * it. A channel without any is not touched.
 */
final class Overrides {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    /** As callers of OpenAI's chat form know it. */
    private static final String REASONING_FIELD = "reasoning_content";

    /** Names that mean something else there. */
    private static final Set<String> NOT_REASONING =
            Set.of(REASONING_FIELD, "content", "role", "refusal", "index", "delta", "message", "name", "id", "type");

    private final @Nullable ObjectNode set;
    private final @Nullable ObjectNode defaults;
    private final List<String> remove;
    private final String systemPrompt;
    private final Map<Integer, Integer> statuses;
    private final String reasoningField;

    /** @throws IllegalArgumentException naming the option that is wrong */
    Overrides(Map<String, String> options) {
        this.set = object(options, "set");
        this.defaults = object(options, "defaults");
        this.remove = List.of(options.getOrDefault("remove", "").strip().split("\\s*,\\s*"));
        this.systemPrompt = options.getOrDefault("system_prompt", "");
        this.statuses = statuses(options.getOrDefault("status", ""));
        this.reasoningField = options.getOrDefault("reasoning_field", "").strip();
        if (!reasoningField.matches("[a-z_]{0,40}") || NOT_REASONING.contains(reasoningField)) {
            throw new IllegalArgumentException("reasoning_field: '" + reasoningField
                    + "' (expected: the vendor's name for reasoning_content, such as reasoning)");
        }
    }

    private static @Nullable ObjectNode object(Map<String, String> options, String name) {
        String text = options.getOrDefault(name, "");
        if (text.isBlank()) {
            return null;
        }
        try {
            if (JSON.readTree(text) instanceof ObjectNode object) {
                return object;
            }
        } catch (JacksonException e) {
            // said below
        }
        throw new IllegalArgumentException(name + ": '" + text + "' (expected: a JSON object, as text)");
    }

    private static Map<Integer, Integer> statuses(String text) {
        Map<Integer, Integer> statuses = new HashMap<>();
        for (String pair : text.isBlank() ? new String[0] : text.strip().split("\\s*,\\s*")) {
            if (!pair.matches("[45][0-9][0-9]=[45][0-9][0-9]")) {
                throw new IllegalArgumentException("status: '" + text
                        + "' (expected: pairs of statuses from 400 to 599, such as 529=503, 404=502)");
            }
            statuses.put(Integer.parseInt(pair.substring(0, 3)), Integer.parseInt(pair.substring(4)));
        }
        return Map.copyOf(statuses);
    }

    /** What its answers in that form call otherwise; null: nothing. */
    @Nullable
    FieldName renames(@Nullable Format format) {
        return reasoningField.isEmpty() || format != Format.CHAT
                ? null
                : new FieldName(reasoningField, REASONING_FIELD);
    }

    /** What the vendor's status means here. */
    int status(int vendors) {
        return statuses.isEmpty() ? vendors : statuses.getOrDefault(vendors, vendors);
    }

    /** @param format null: not of a conversation, which has no system prompt */
    byte[] applied(@Nullable Format format, byte[] body) {
        boolean prompts = !systemPrompt.isEmpty() && format != null;
        boolean removes = !remove.getFirst().isEmpty();
        boolean renames = renames(format) != null;
        if (set == null && defaults == null && !removes && !prompts && !renames) {
            return body;
        }
        if (!(JSON.readTree(body) instanceof ObjectNode object)) {
            return body;
        }
        if (defaults != null) {
            defaults.properties().forEach(field -> {
                if (!object.has(field.getKey())) {
                    object.set(field.getKey(), field.getValue());
                }
            });
        }
        if (set != null) {
            set.properties().forEach(field -> object.set(field.getKey(), field.getValue()));
        }
        remove.forEach(object::remove);
        if (renames) {
            for (JsonNode message : object.path("messages")) {
                if (message instanceof ObjectNode said && said.has(REASONING_FIELD)) {
                    said.set(reasoningField, said.remove(REASONING_FIELD));
                }
            }
        }
        if (prompts) {
            prompt(format, object);
        }
        return JSON.writeValueAsBytes(object);
    }

    private void prompt(@Nullable Format format, ObjectNode body) {
        switch (format) {
            case CHAT, COHERE, OLLAMA ->
                first(
                        body,
                        "messages",
                        JSON.createObjectNode().put("role", "system").put("content", systemPrompt));
            case RESPONSES -> {
                String given = body.path("instructions").asString("");
                body.put("instructions", given.isEmpty() ? systemPrompt : systemPrompt + "\n\n" + given);
            }
            case MESSAGES -> {
                ObjectNode words = block(systemPrompt).put("type", "text");
                JsonNode given = body.path("system");
                if (given.isString()) {
                    body.putArray("system").add(block(given.asString()).put("type", "text"));
                }
                first(body, "system", words);
            }
            case CONVERSE -> first(body, "system", block(systemPrompt));
            case GEMINI -> {
                String name = body.has("system_instruction") ? "system_instruction" : "systemInstruction";
                ObjectNode instruction = body.path(name) instanceof ObjectNode given ? given : JSON.createObjectNode();
                body.set(name, instruction);
                first(instruction, "parts", block(systemPrompt));
            }
            case null -> {
                // there is no prompt
            }
            case EMBEDDINGS,
                    GEMINI_EMBEDDING,
                    GEMINI_EMBEDDINGS,
                    COHERE_EMBEDDINGS,
                    OLLAMA_EMBEDDINGS,
                    VERTEX_EMBEDDINGS,
                    TITAN_EMBEDDING -> {
                // there is no prompt
            }
        }
    }

    private static ObjectNode block(String text) {
        return JSON.createObjectNode().put("text", text);
    }

    private static void first(ObjectNode in, String name, ObjectNode element) {
        List<JsonNode> rest = new ArrayList<>();
        in.path(name).forEach(rest::add);
        ArrayNode all = in.putArray(name).add(element);
        rest.forEach(all::add);
    }
}
