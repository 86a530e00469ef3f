package dev.sluice.format;

import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads the fields of a caller's JSON, and refuses by name those that are not what they should be. */
final class Fields {
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(500)
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private Fields() {}

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    static ArrayNode array() {
        return JSON.createArrayNode();
    }

    static byte[] bytes(JsonNode json) {
        return JSON.writeValueAsBytes(json);
    }

    /** @throws JacksonException when it is not JSON */
    static JsonNode tree(byte[] json, int from, int to) {
        return JSON.readTree(json, from, to - from);
    }

    /** A caller's body: it was scanned before, so it is JSON. */
    static JsonNode body(byte[] json) {
        try {
            return tree(json, 0, json.length);
        } catch (JacksonException e) {
            throw new Refusal(Reason.INVALID_JSON, "The body is not valid JSON.");
        }
    }

    /** Arguments of a tool as an object: models and clients also send nothing, or nonsense. */
    static ObjectNode arguments(String json) {
        try {
            return JSON.readTree(json) instanceof ObjectNode object ? object : object();
        } catch (JacksonException e) {
            return object();
        }
    }

    static @Nullable ObjectNode objectOrNull(String json) {
        try {
            return JSON.readTree(json) instanceof ObjectNode object ? object : null;
        } catch (JacksonException e) {
            return null;
        }
    }

    static Refusal wrong(String field, String why) {
        return new Refusal(Reason.INVALID_VALUE, "The field '" + field + "' " + why + ".", field, null);
    }

    /** What cannot be said to the model's vendor. */
    static Refusal inexpressible(String field, String remedy) {
        return new Refusal(
                Reason.INVALID_VALUE,
                "The field '" + field + "' cannot be passed on to this model: " + remedy + ".",
                field,
                null);
    }

    static boolean given(JsonNode node) {
        return !node.isMissingNode() && !node.isNull();
    }

    static @Nullable String text(JsonNode in, String name) {
        JsonNode node = in.path(name);
        if (!given(node)) {
            return null;
        }
        if (!node.isString()) {
            throw wrong(name, "is not a string");
        }
        return node.asString();
    }

    static @Nullable Double decimal(JsonNode in, String name) {
        JsonNode node = in.path(name);
        if (!given(node)) {
            return null;
        }
        if (!node.isNumber()) {
            throw wrong(name, "is not a number");
        }
        return node.asDouble();
    }

    static @Nullable Long whole(JsonNode in, String name) {
        JsonNode node = in.path(name);
        if (!given(node)) {
            return null;
        }
        if (!node.isNumber() || node.decimalValue().stripTrailingZeros().scale() > 0) {
            throw wrong(name, "is not a whole number");
        }
        return node.decimalValue().longValue();
    }

    static @Nullable Boolean flag(JsonNode in, String name) {
        JsonNode node = in.path(name);
        if (!given(node)) {
            return null;
        }
        if (!node.isBoolean()) {
            throw wrong(name, "is not true or false");
        }
        return node.asBoolean();
    }

    /** The entries of a list; none where the field is absent. */
    static List<JsonNode> list(JsonNode in, String name) {
        JsonNode node = in.path(name);
        if (!given(node)) {
            return List.of();
        }
        if (!node.isArray()) {
            throw wrong(name, "is not a list");
        }
        List<JsonNode> all = new ArrayList<>(node.size());
        node.forEach(all::add);
        return all;
    }

    /** One text or a list of them. */
    static List<String> texts(JsonNode in, String name) {
        JsonNode node = in.path(name);
        if (node.isString()) {
            return List.of(node.asString());
        }
        List<String> all = new ArrayList<>();
        for (JsonNode each : list(in, name)) {
            if (!each.isString()) {
                throw wrong(name, "holds something that is not a string");
            }
            all.add(each.asString());
        }
        return all;
    }

    static @Nullable ObjectNode objectOf(JsonNode in, String name) {
        JsonNode node = in.path(name);
        if (!given(node)) {
            return null;
        }
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw wrong(name, "is not an object");
    }

    static Conversation.Media media(String uri, String field) {
        try {
            return Conversation.Media.of(uri);
        } catch (IllegalArgumentException e) {
            throw wrong(field, "is neither an address nor a data URI in base64");
        }
    }

    /** A number of a vendor's; whatever is none is 0. */
    static long count(JsonNode node) {
        return node.isNumber() ? node.asLong(0) : 0;
    }
}
