package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.util.MultiValueMap;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What of a list is asked for: how many, from where on, and the filters, each by the name of its field. */
record Page(int limit, @Nullable String after, MultiValueMap<String, String> query) {
    private static final int DEFAULT = 20;
    private static final int MOST = 200;
    private static final Instant LAST = Instant.parse("9999-12-31T00:00:00Z");

    /** A cursor of a list that is kept in memory: the name of what came last. */
    private static final String NAMED = "=[^\\p{Cntrl}]{1,300}";

    /** One page of a list, newest first. */
    record Of<T>(
            List<T> data,
            @JsonProperty("next_cursor") @Nullable String nextCursor) {}

    /** @throws Invalid that names each parameter that is unknown or wrong */
    static Page of(MultiValueMap<String, String> query, String... filters) {
        Set<String> known = Set.of(
                Stream.concat(Stream.of(filters), Stream.of("limit", "cursor")).toArray(String[]::new));
        for (String name : query.keySet()) {
            if (!known.contains(name)) {
                throw Invalid.field(
                        name,
                        Rule.PARAMETER,
                        "is not a filter of this list (known: " + String.join(", ", new java.util.TreeSet<>(known))
                                + ")");
            }
        }
        return new Page(limit(query.getFirst("limit")), cursor(query.getFirst("cursor")), query);
    }

    private static int limit(@Nullable String text) {
        if (text == null) {
            return DEFAULT;
        }
        int limit = text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : 0;
        if (limit < 1 || limit > MOST) {
            throw Invalid.field("limit", Rule.PARAMETER, text + " (expected: 1 to " + MOST + ")");
        }
        return limit;
    }

    private static @Nullable String cursor(@Nullable String text) {
        if (text == null) {
            return null;
        }
        try {
            String after = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
            if (after.matches("[0-9A-Za-z]{1,30}|" + NAMED)) {
                return after;
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        throw Invalid.field(
                "cursor", Rule.PARAMETER, "is not one that a list gave (expected: the next_cursor of the page before)");
    }

    @Nullable
    Long afterId() {
        if (after == null) {
            return null;
        }
        if (!after.matches("[0-9]{1,18}")) {
            throw Invalid.field("cursor", Rule.PARAMETER, "is not one that this list gave");
        }
        return Long.valueOf(after);
    }

    @Nullable
    String text(String name) {
        return query.getFirst(name);
    }

    @Nullable
    Long number(String name) {
        String text = query.getFirst(name);
        if (text != null && !text.matches("[0-9]{1,18}")) {
            throw Invalid.field(name, Rule.WHOLE, Rule.WHOLE.message(text));
        }
        return text == null ? null : Long.valueOf(text);
    }

    @Nullable
    Boolean flag(String name) {
        String text = query.getFirst(name);
        if (text != null && !text.equals("true") && !text.equals("false")) {
            throw Invalid.field(name, Rule.FLAG, Rule.FLAG.message(text));
        }
        return text == null ? null : Boolean.valueOf(text);
    }

    /** Epoch milliseconds of a time, or of a date's beginning in UTC. */
    @Nullable
    Long from(String name) {
        return time(name, 0);
    }

    /** Epoch milliseconds of a time, or of a date's end in UTC; what is asked for lies before it. */
    @Nullable
    Long to(String name) {
        return time(name, 1);
    }

    private @Nullable Long time(String name, int daysLater) {
        String text = query.getFirst(name);
        if (text == null) {
            return null;
        }
        try {
            Instant time = text.length() == 10
                    ? LocalDate.parse(text)
                            .plusDays(daysLater)
                            .atStartOfDay(ZoneOffset.UTC)
                            .toInstant()
                    : OffsetDateTime.parse(text.replace(' ', '+')).toInstant();
            if (!time.isBefore(Instant.EPOCH) && time.isBefore(LAST)) {
                return time.toEpochMilli();
            }
        } catch (DateTimeException e) {
            // said below
        }
        throw Invalid.field(name, Rule.TIME_OR_DATE, Rule.TIME_OR_DATE.message(text));
    }

    /** The page of rows that were asked for with one more than the limit: that one tells whether there is a next page. */
    <T, V> Mono<Of<V>> of(Flux<T> rows, Function<T, String> id, Function<T, V> view) {
        return rows.collectList().map(all -> {
            boolean more = all.size() > limit;
            List<T> shown = more ? all.subList(0, limit) : all;
            String next = more ? id.apply(shown.getLast()) : null;
            return new Of<>(shown.stream().map(view).toList(), next == null ? null : encoded(next));
        });
    }

    /** The page of a list that is in memory whole, where it goes on after the one that was shown last, by its name. */
    <V> Of<V> of(List<V> all, Function<V, String> name) {
        int from = 0;
        if (after != null) {
            List<String> names = all.stream().map(name).toList();
            from = names.indexOf(after.substring(1)) + 1;
            if (from == 0 || after.charAt(0) != '=') {
                throw Invalid.field(
                        "cursor", Rule.PARAMETER, "names nothing that is there now (expected: begin anew without it)");
            }
        }
        int to = Math.min(from + limit, all.size());
        return new Of<>(all.subList(from, to), to < all.size() ? encoded("=" + name.apply(all.get(to - 1))) : null);
    }

    static String encoded(String id) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(id.getBytes(StandardCharsets.UTF_8));
    }
}
