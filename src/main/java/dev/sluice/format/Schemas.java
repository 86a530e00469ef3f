package dev.sluice.format;

import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** JSON Schemas as vendors take them. None of them takes all. */
final class Schemas {
    /** What Google knows of JSON Schema; a word beyond these is refused. */
    private static final Set<String> GOOGLE = Set.of(
            "$id",
            "$defs",
            "$ref",
            "$anchor",
            "type",
            "format",
            "title",
            "description",
            "enum",
            "items",
            "prefixItems",
            "minItems",
            "maxItems",
            "minimum",
            "maximum",
            "anyOf",
            "oneOf",
            "properties",
            "additionalProperties",
            "required",
            "propertyOrdering");

    private Schemas() {}

    /** With every object closed to other properties, as Anthropic demands it. */
    static JsonNode closed(JsonNode schema) {
        JsonNode copy = schema.deepCopy();
        close(copy);
        return copy;
    }

    private static void close(JsonNode schema) {
        if (schema instanceof ObjectNode object
                && (object.path("type").asString("").equals("object") || object.has("properties"))) {
            object.put("additionalProperties", false);
        }
        schema.forEach(Schemas::close);
    }

    /** Without the words that Google refuses. */
    static JsonNode forGoogle(JsonNode schema) {
        if (!(schema instanceof ObjectNode object)) {
            return schema;
        }
        ObjectNode clean = Fields.object();
        for (Map.Entry<String, JsonNode> word : object.properties()) {
            JsonNode value = word.getValue();
            switch (word.getKey()) {
                case "properties", "$defs" -> {
                    ObjectNode each = clean.putObject(word.getKey());
                    value.properties().forEach(entry -> each.set(entry.getKey(), forGoogle(entry.getValue())));
                }
                case "definitions" -> {
                    ObjectNode each = clean.putObject("$defs");
                    value.properties().forEach(entry -> each.set(entry.getKey(), forGoogle(entry.getValue())));
                }
                case "items", "additionalProperties" -> clean.set(word.getKey(), forGoogle(value));
                case "anyOf", "oneOf", "prefixItems" -> clean.set(word.getKey(), all(value));
                case "allOf" ->
                    value.forEach(each -> forGoogle(each).properties().forEach(entry -> {
                        if (!clean.has(entry.getKey())) {
                            clean.set(entry.getKey(), entry.getValue());
                        }
                    }));
                case "const" -> clean.putArray("enum").add(value);
                case "exclusiveMinimum" -> clean.set("minimum", value);
                case "exclusiveMaximum" -> clean.set("maximum", value);
                case "$ref" -> clean.put("$ref", value.asString("").replace("#/definitions/", "#/$defs/"));
                default -> {
                    if (GOOGLE.contains(word.getKey())) {
                        clean.set(word.getKey(), value);
                    }
                }
            }
        }
        return clean;
    }

    private static ArrayNode all(JsonNode list) {
        ArrayNode clean = Fields.array();
        list.forEach(each -> clean.add(forGoogle(each)));
        return clean;
    }

    /** Google's own kind of schema as JSON Schema: types in capitals, {@code nullable}. */
    static ObjectNode fromGoogle(ObjectNode schema) {
        ObjectNode plain = Fields.object();
        for (Map.Entry<String, JsonNode> word : schema.properties()) {
            JsonNode value = word.getValue();
            switch (word.getKey()) {
                case "type" -> {
                    String type = value.asString("").toLowerCase(java.util.Locale.ROOT);
                    if (schema.path("nullable").asBoolean(false)) {
                        plain.putArray("type").add(type).add("null");
                    } else if (value.isString()) {
                        plain.put("type", type);
                    } else {
                        plain.set("type", value);
                    }
                }
                case "nullable", "propertyOrdering", "example" -> {
                    // JSON Schema says it otherwise, or not at all
                }
                case "properties" -> {
                    ObjectNode each = plain.putObject("properties");
                    value.properties().forEach(entry -> each.set(entry.getKey(), inner(entry.getValue())));
                }
                case "items", "additionalProperties" -> plain.set(word.getKey(), inner(value));
                case "anyOf" -> {
                    ArrayNode each = plain.putArray("anyOf");
                    value.forEach(entry -> each.add(inner(entry)));
                }
                default -> plain.set(word.getKey(), value);
            }
        }
        return plain;
    }

    private static JsonNode inner(JsonNode schema) {
        return schema instanceof ObjectNode object ? fromGoogle(object) : schema;
    }
}
