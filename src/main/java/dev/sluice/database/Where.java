package dev.sluice.database;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;

/** The conditions of a query that the asker puts together: values are bound, never written into the SQL. */
public final class Where {
    private final List<String> conditions = new ArrayList<>();
    private final Map<String, Object> values = new LinkedHashMap<>();

    /** The column equals the value; null: no condition. */
    public Where equal(String column, @Nullable Object value) {
        return add(column, "=", value);
    }

    /** As {@link #equal}; in a text, {@code *} stands for any run of characters. */
    public Where like(String column, @Nullable String pattern) {
        if (pattern == null || pattern.indexOf('*') < 0) {
            return equal(column, pattern);
        }
        String escaped =
                pattern.replace("!", "!!").replace("%", "!%").replace("_", "!_").replace('*', '%');
        String name = bind(escaped);
        conditions.add(column + " LIKE :" + name + " ESCAPE '!'");
        return this;
    }

    public Where below(String column, @Nullable Object value) {
        return add(column, "<", value);
    }

    public Where atLeast(String column, @Nullable Object value) {
        return add(column, ">=", value);
    }

    public Where absent(String column) {
        conditions.add(column + " IS NULL");
        return this;
    }

    public Where present(String column) {
        conditions.add(column + " IS NOT NULL");
        return this;
    }

    public Where absentOrAbove(String column, Object value) {
        conditions.add("(" + column + " IS NULL OR " + column + " > :" + bind(value) + ")");
        return this;
    }

    private Where add(String column, String operator, @Nullable Object value) {
        if (value != null) {
            conditions.add(column + " " + operator + " :" + bind(value));
        }
        return this;
    }

    private String bind(Object value) {
        String name = "w" + values.size();
        values.put(name, value);
        return name;
    }

    /**
     * The query with these conditions in it.
     *
     * @param select up to, without, its WHERE
     * @param rest what follows the WHERE
     */
    public DatabaseClient.GenericExecuteSpec query(DatabaseClient client, String select, String rest) {
        String where = conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions);
        DatabaseClient.GenericExecuteSpec query = client.sql(select + where + " " + rest);
        for (Map.Entry<String, Object> value : values.entrySet()) {
            query = query.bind(value.getKey(), value.getValue());
        }
        return query;
    }
}
