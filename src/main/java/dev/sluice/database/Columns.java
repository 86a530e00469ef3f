package dev.sluice.database;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.r2dbc.spi.Parameters;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** How values that are no plain numbers and words are put into columns, and read back: JSON in a text, and NULL. */
public final class Columns {
    private static final JsonMapper JSON = JsonMapper.builder()
            .changeDefaultPropertyInclusion(each -> each.withValueInclusion(JsonInclude.Include.NON_NULL))
            .build();

    private Columns() {}

    /** A value to bind: itself, or a NULL of its type. */
    public static Object nullable(@Nullable Object value, Class<?> type) {
        return value == null ? Parameters.in(type) : value;
    }

    public static String json(Object value) {
        return JSON.writeValueAsString(value);
    }

    public static <T> T value(String json, Class<T> type) {
        return JSON.readValue(json, type);
    }

    public static <T> T value(String json, TypeReference<T> type) {
        return JSON.readValue(json, type);
    }
}
