package dev.sluice.admin;

import dev.sluice.access.Cidr;
import dev.sluice.access.Renewal;
import dev.sluice.wire.Glob;
import dev.sluice.wire.Limits;
import dev.sluice.wire.Money;
import dev.sluice.wire.QuotaPeriod;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads a resource out of a request's body. A body is a JSON merge patch (RFC 7396): onto the defaults when something
 * is made, onto what is there when it is changed. All that is wrong is collected and said at once, by {@link #check}.
 */
final class Fields {
    static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** Never said back, not even to whoever sent them. */
    private static final Set<String> SECRET = Set.of("keys", "password", "code");

    private static final Set<String> PERIODS =
            Arrays.stream(QuotaPeriod.values()).map(QuotaPeriod::label).collect(Collectors.toSet());

    /** The largest text of a name-like field. */
    private static final int LONGEST_NAME = 100;

    private static final int MILLIONTHS_DECIMALS = 6;

    private final ObjectNode values;
    private final List<Invalid.Fault> faults = new ArrayList<>();
    private final Set<String> cleared = new HashSet<>();

    private Fields(ObjectNode values) {
        this.values = values;
    }

    /**
     * @param before what is there, by the same field names; empty for something new
     * @param writable the names that may be given
     * @param readOnly the names that are ignored, so that what was read can be sent back
     */
    static Fields read(byte @Nullable [] body, ObjectNode before, Set<String> writable, Set<String> readOnly) {
        ObjectNode given = parse(body);
        Fields fields = new Fields(before.deepCopy());
        for (Map.Entry<String, JsonNode> field : given.properties()) {
            if (writable.contains(field.getKey())) {
                merge(fields.values, field.getKey(), field.getValue());
                if (field.getValue().isNull()) {
                    fields.cleared.add(field.getKey());
                }
            } else if (!readOnly.contains(field.getKey())) {
                fields.fault(
                        field.getKey(),
                        Rule.KNOWN,
                        "is not a field of this resource (known: "
                                + String.join(", ", new java.util.TreeSet<>(writable)) + ")");
            }
        }
        return fields;
    }

    private static ObjectNode parse(byte @Nullable [] body) {
        try {
            if (body != null && JSON.readTree(body) instanceof ObjectNode object) {
                return object;
            }
        } catch (JacksonException | NumberFormatException e) { // the latter for 1e99999999999
            throw Invalid.body("The body is not valid JSON.");
        }
        throw Invalid.body("The body is not a JSON object.");
    }

    private static void merge(ObjectNode target, String name, JsonNode value) {
        if (value.isNull()) {
            target.remove(name);
        } else if (value instanceof ObjectNode patch) {
            ObjectNode inner = target.get(name) instanceof ObjectNode there ? there : target.putObject(name);
            patch.properties().forEach(field -> merge(inner, field.getKey(), field.getValue()));
        } else {
            target.set(name, value);
        }
    }

    /** What is wrong with a field, in words of its own. */
    void fault(String field, Rule rule, String message) {
        add(Invalid.Fault.of(field, rule, message));
    }

    /** What was given, and what would be right. */
    void wrong(String field, String given, Rule rule, Object... right) {
        add(Invalid.Fault.of(field, rule, rule.message(given, right), right));
    }

    private void add(Invalid.Fault fault) {
        if (!faults.contains(fault)) {
            faults.add(fault);
        }
    }

    /** Throws when anything was wrong. */
    void check() {
        if (!faults.isEmpty()) {
            throw new Invalid(faults);
        }
    }

    /** Whether the body gave null, for a field that is not among those that are shown. */
    boolean cleared(String name) {
        return cleared.contains(name);
    }

    boolean has(String name) {
        return values.has(name);
    }

    JsonNode raw(String name) {
        return values.path(name);
    }

    private <T extends @Nullable Object> T amiss(String name, T otherwise, Rule rule, Object... right) {
        JsonNode value = values.get(name);
        String shown = value == null ? "absent" : SECRET.contains(name) ? "not shown here" : value.toString();
        wrong(name, shown.length() > 80 ? shown.substring(0, 80) + "…" : shown, rule, right);
        return otherwise;
    }

    String name(String field) {
        JsonNode value = values.get(field);
        boolean good = value != null
                && value.isString()
                && !value.asString().isBlank()
                && value.asString().length() <= LONGEST_NAME
                && value.asString().chars().noneMatch(Character::isISOControl);
        return good ? value.asString().strip() : amiss(field, "", Rule.NAME, LONGEST_NAME);
    }

    @Nullable
    String text(String field, int longest) {
        JsonNode value = values.get(field);
        if (value == null) {
            return null;
        }
        boolean good = value.isString()
                && value.asString().length() <= longest
                && value.asString().chars().noneMatch(Character::isISOControl);
        return good ? value.asString() : amiss(field, null, Rule.LINE, longest);
    }

    boolean flag(String field, boolean otherwise) {
        JsonNode value = values.get(field);
        return value == null ? otherwise : value.isBoolean() ? value.asBoolean() : amiss(field, false, Rule.FLAG);
    }

    int whole(String field, int otherwise, int least, int most) {
        JsonNode value = values.get(field);
        if (value == null) {
            return otherwise;
        }
        boolean good =
                value.isIntegralNumber() && value.canConvertToInt() && value.asInt() >= least && value.asInt() <= most;
        if (good) {
            return value.asInt();
        }
        return most == Integer.MAX_VALUE
                ? amiss(field, otherwise, Rule.WHOLE_AT_LEAST, least)
                : amiss(field, otherwise, Rule.WHOLE_BETWEEN, least, most);
    }

    @Nullable
    Long id(String field) {
        JsonNode value = values.get(field);
        if (value == null) {
            return null;
        }
        return value.isIntegralNumber() && value.canConvertToLong() && value.asLong() > 0
                ? (Long) value.asLong()
                : amiss(field, null, Rule.ID);
    }

    /** Nano-dollars; null: absent. */
    @Nullable
    Long usd(String field) {
        JsonNode value = values.get(field);
        if (value == null) {
            return null;
        }
        if (!value.isNumber() || value.decimalValue().signum() < 0) {
            return amiss(field, null, Rule.DOLLARS);
        }
        try {
            return Money.nanos(value.decimalValue());
        } catch (ArithmeticException e) {
            return amiss(field, null, Rule.DOLLARS_EXACT);
        }
    }

    /** Nano-dollars of an amount that must be there, and may be below zero, but not zero. */
    long signedUsd(String field) {
        JsonNode value = values.get(field);
        if (value == null || !value.isNumber() || value.decimalValue().signum() == 0) {
            return amiss(field, 0L, Rule.DOLLARS_NOT_ZERO);
        }
        try {
            return Money.nanos(value.decimalValue());
        } catch (ArithmeticException e) {
            return amiss(field, 0L, Rule.DOLLARS_EXACT);
        }
    }

    /** As it was, when period and time zone are; else yet to begin. */
    Renewal renewal(Renewal before) {
        JsonNode period = values.path("quota_period");
        JsonNode zone = values.path("time_zone");
        QuotaPeriod each = QuotaPeriod.NONE;
        String where = zone.isMissingNode() ? "UTC" : zone.asString("");
        if (!period.isMissingNode() && !PERIODS.contains(period.asString(""))) {
            amiss("quota_period", "", Rule.PERIOD);
        } else if (!period.isMissingNode()) {
            each = QuotaPeriod.of(period.asString());
        }
        if (!where.equals("UTC") && !ZoneId.getAvailableZoneIds().contains(where)) {
            amiss("time_zone", "", Rule.TIME_ZONE);
            where = "UTC";
        }
        Renewal renewal = Renewal.of(each, ZoneId.of(where));
        return renewal.period() == before.period() && renewal.zone().equals(before.zone()) ? before : renewal;
    }

    /** Millionths. */
    long factor(String field) {
        JsonNode value = values.get(field);
        if (value == null) {
            return 1_000_000;
        }
        Long factor = millionths(value);
        return factor == null ? amiss(field, 1_000_000L, Rule.FACTOR) : factor;
    }

    /** A factor in millionths; null: it is none. */
    static @Nullable Long millionths(JsonNode value) {
        BigDecimal factor = value.isNumber() ? value.decimalValue() : BigDecimal.valueOf(-1);
        boolean good = factor.signum() >= 0
                && factor.compareTo(BigDecimal.valueOf(10_000)) <= 0
                && factor.stripTrailingZeros().scale() <= MILLIONTHS_DECIMALS;
        return good ? Long.valueOf(factor.movePointRight(MILLIONTHS_DECIMALS).longValueExact()) : null;
    }

    /** Epoch milliseconds; null: absent. */
    @Nullable
    Long time(String field) {
        JsonNode value = values.get(field);
        if (value == null) {
            return null;
        }
        try {
            return java.time.OffsetDateTime.parse(value.asString(""))
                    .toInstant()
                    .toEpochMilli();
        } catch (DateTimeException | ArithmeticException e) {
            return amiss(field, null, Rule.TIME);
        }
    }

    List<String> texts(String field, int longest) {
        JsonNode value = values.get(field);
        List<String> texts = new ArrayList<>();
        if (value == null) {
            return texts;
        }
        boolean good = value.isArray();
        for (JsonNode each : value) {
            boolean fits = each.isString()
                    && !each.asString().isBlank()
                    && each.asString().length() <= longest
                    && each.asString().chars().noneMatch(Character::isISOControl);
            good &= fits;
            if (fits) {
                texts.add(each.asString().strip());
            }
        }
        return good ? texts : amiss(field, List.of(), Rule.TEXTS, longest);
    }

    List<Glob> globs(String field) {
        return texts(field, 200).stream().map(Glob::new).toList();
    }

    List<Cidr> ranges(String field) {
        List<Cidr> ranges = new ArrayList<>();
        for (String text : texts(field, 64)) {
            try {
                ranges.add(Cidr.parse(text));
            } catch (IllegalArgumentException e) {
                fault(field, Rule.ADDRESSES, String.valueOf(e.getMessage()));
            }
        }
        return ranges;
    }

    Map<String, String> map(String field, int longest) {
        JsonNode value = values.get(field);
        Map<String, String> map = new LinkedHashMap<>();
        if (value == null) {
            return map;
        }
        boolean good = value.isObject();
        for (Map.Entry<String, JsonNode> each : value.properties()) {
            good &= !each.getKey().isBlank()
                    && each.getValue().isString()
                    && each.getValue().asString().length() <= longest;
            map.put(each.getKey(), each.getValue().asString(""));
        }
        return good ? map : amiss(field, Map.of(), Rule.TEXTS_BY_NAME, longest);
    }

    Limits limits(String field) {
        return object(
                field,
                Set.of("rpm", "tpm", "concurrency"),
                inner -> new Limits(
                        inner.limit("rpm", Integer.MAX_VALUE),
                        inner.limit("tpm", Integer.MAX_VALUE),
                        inner.limit("concurrency", Integer.MAX_VALUE)));
    }

    /** The fields of an object in a field; what is wrong with them is said as {@code outer.inner}. */
    <T> T object(String field, Set<String> known, Function<Fields, T> reading) {
        ObjectNode object = values.get(field) instanceof ObjectNode there ? there : JSON.createObjectNode();
        if (values.has(field) && !values.get(field).isObject()) {
            amiss(field, "", Rule.OBJECT);
        }
        Fields inner = new Fields(object);
        for (String name : object.propertyNames()) {
            if (!known.contains(name)) {
                inner.fault(
                        name,
                        Rule.KNOWN,
                        "is not known (known: " + String.join(", ", new java.util.TreeSet<>(known)) + ")");
            }
        }
        T result = reading.apply(inner);
        inner.faults.forEach(fault ->
                add(new Invalid.Fault(field + "." + fault.field(), fault.message(), fault.rule(), fault.values())));
        return result;
    }

    @Nullable
    Integer limit(String field, int most) {
        if (!values.has(field)) {
            return null;
        }
        int value = whole(field, 0, 1, most);
        return value == 0 ? null : value;
    }

    static String instant(long millis) {
        return Instant.ofEpochMilli(millis).toString();
    }
}
