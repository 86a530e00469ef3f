package dev.sluice.wire;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.TemporalAdjusters;
import java.util.Locale;

/** How often a budget begins anew: by the calendar of its time zone; a week begins on Monday. */
public enum QuotaPeriod {
    NONE,
    DAY,
    WEEK,
    MONTH;

    /** From when, included, to when, excluded, in epoch milliseconds. */
    public record Bounds(long startsAt, long endsAt) {}

    /** The period that the moment lies in; of {@link #NONE}, all time. */
    public Bounds around(long millis, ZoneId zone) {
        LocalDate day = Instant.ofEpochMilli(millis).atZone(zone).toLocalDate();
        return switch (this) {
            case NONE -> new Bounds(0, Long.MAX_VALUE);
            case DAY -> bounds(day, day.plusDays(1), zone);
            case WEEK -> {
                LocalDate monday = day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
                yield bounds(monday, monday.plusWeeks(1), zone);
            }
            case MONTH -> bounds(day.withDayOfMonth(1), day.withDayOfMonth(1).plusMonths(1), zone);
        };
    }

    private static Bounds bounds(LocalDate first, LocalDate next, ZoneId zone) {
        return new Bounds(
                first.atStartOfDay(zone).toInstant().toEpochMilli(),
                next.atStartOfDay(zone).toInstant().toEpochMilli());
    }

    /** As it is written in the API and the database. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException when there is no such period */
    public static QuotaPeriod of(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT));
    }
}
