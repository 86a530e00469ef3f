package dev.sluice.admin;

import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/** A resource as JSON, for a patch to be merged onto. */
final class Rendering {
    private Rendering() {}

    /** Those fields of the view that may be written and are not null. */
    static ObjectNode writable(Object view, Set<String> writable) {
        ObjectNode all = Fields.JSON.valueToTree(view);
        ObjectNode kept = Fields.JSON.createObjectNode();
        all.properties().forEach(field -> {
            if (writable.contains(field.getKey()) && !field.getValue().isNull()) {
                kept.set(field.getKey(), field.getValue());
            }
        });
        return withoutNulls(kept);
    }

    private static ObjectNode withoutNulls(ObjectNode object) {
        object.properties().forEach(field -> {
            if (field.getValue() instanceof ObjectNode inner) {
                inner.propertyNames().stream()
                        .filter(name -> inner.get(name).isNull())
                        .toList()
                        .forEach(inner::remove);
            }
        });
        return object;
    }

    static long id(String text, String what) {
        if (!text.matches("[0-9]{1,18}")) {
            throw new Problems.NotFound("There is no " + what + " '" + (text.length() > 40 ? "…" : text) + "'.");
        }
        return Long.parseLong(text);
    }
}
