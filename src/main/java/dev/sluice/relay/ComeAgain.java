package dev.sluice.relay;

import io.netty.handler.codec.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A vendor's word on when to come again: {@code Retry-After} in seconds or as a date (RFC 9110, 10.2.3), OpenAI's {@code
 * retry-after-ms}, and where there is neither, when those of its limits that are used up are there again.
 */
final class ComeAgain {
    private static final String[] OPENAIS = {"requests", "tokens"};
    private static final String[] ANTHROPICS = {"requests", "tokens", "input-tokens", "output-tokens"};

    /** As Go prints durations, and OpenAI its limits: {@code 6m0s}, {@code 1.2s}, {@code 17ms}. */
    private static final Pattern PART = Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,9})?)(h|ms|m|s)");

    private static final Map<String, Integer> MILLIS = Map.of("h", 3_600_000, "m", 60_000, "s", 1_000, "ms", 1);

    private ComeAgain() {}

    /** Null: it says nothing that can be understood. */
    static @Nullable Duration after(HttpHeaders headers, Instant now) {
        Duration said = quietly(() -> retryAfter(headers, now));
        if (said != null) {
            return said;
        }
        Duration longest = null;
        for (String what : OPENAIS) {
            longest = longer(
                    longest,
                    usedUp(headers.get("x-ratelimit-remaining-" + what))
                            ? quietly(() -> length(headers.get("x-ratelimit-reset-" + what, "")))
                            : null);
        }
        for (String what : ANTHROPICS) {
            String name = "anthropic-ratelimit-" + what;
            longest = longer(
                    longest,
                    usedUp(headers.get(name + "-remaining"))
                            ? quietly(() -> until(Instant.parse(headers.get(name + "-reset", "")), now))
                            : null);
        }
        return longest;
    }

    private interface Reading {
        @Nullable
        Duration read();
    }

    /** A vendor's nonsense is no word. */
    private static @Nullable Duration quietly(Reading reading) {
        try {
            return reading.read();
        } catch (DateTimeException | NumberFormatException e) {
            return null;
        }
    }

    private static @Nullable Duration retryAfter(HttpHeaders headers, Instant now) {
        String millis = headers.get("retry-after-ms");
        if (millis != null) {
            return Duration.ofMillis(Math.max(0, (long) Double.parseDouble(millis.strip())));
        }
        String value = headers.get("retry-after");
        if (value == null) {
            return null;
        }
        if (value.strip().matches("[0-9]+(\\.[0-9]+)?")) {
            return Duration.ofMillis((long) (Double.parseDouble(value.strip()) * 1000));
        }
        return until(
                ZonedDateTime.parse(value.strip(), DateTimeFormatter.RFC_1123_DATE_TIME)
                        .toInstant(),
                now);
    }

    private static Duration until(Instant at, Instant now) {
        Duration wait = Duration.between(now, at);
        return wait.isNegative() ? Duration.ZERO : wait;
    }

    private static @Nullable Duration length(String text) {
        Matcher part = PART.matcher(text);
        double millis = 0;
        int at = 0;
        while (at < text.length() && part.find(at) && part.start() == at) {
            millis += Double.parseDouble(part.group(1)) * MILLIS.getOrDefault(part.group(2), 0);
            at = part.end();
        }
        return at == 0 || at < text.length() ? null : Duration.ofMillis((long) Math.ceil(millis));
    }

    private static boolean usedUp(@Nullable String remaining) {
        return remaining != null && remaining.strip().equals("0");
    }

    private static @Nullable Duration longer(@Nullable Duration one, @Nullable Duration other) {
        return one == null || other != null && other.compareTo(one) > 0 ? other : one;
    }
}
