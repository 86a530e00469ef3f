package dev.sluice.testing;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** JSON as the tests write and read it: text in, trees out; money keeps every digit. */
public final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(tools.jackson.databind.DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private Json() {}

    public static JsonNode read(String json) {
        return MAPPER.readTree(json);
    }

    /** The object with the fields of the other laid over it. */
    public static ObjectNode merge(String json, String over) {
        ObjectNode object = (ObjectNode) read(json);
        object.setAll((ObjectNode) read(over.isBlank() ? "{}" : over));
        return object;
    }

    /** The text as a JSON string, with its quotes. */
    public static String quote(String text) {
        return MAPPER.writeValueAsString(text);
    }
}
