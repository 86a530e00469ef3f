package dev.sluice.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuotaPeriodTest {
    @ParameterizedTest
    @CsvSource({
        // a day, with its first and its last millisecond
        "DAY, UTC, 2026-11-24T00:00:00Z, 2026-11-24T00:00:00Z, 2026-11-25T00:00:00Z",
        "DAY, UTC, 2026-11-24T23:59:59.999Z, 2026-11-24T00:00:00Z, 2026-11-25T00:00:00Z",
        "DAY, Asia/Kathmandu, 2026-11-24T18:14:59Z, 2026-11-23T18:15:00Z, 2026-11-24T18:15:00Z",
        // the days on which clocks are changed have 23 and 25 hours
        "DAY, Europe/Berlin, 2026-03-29T12:00:00Z, 2026-03-28T23:00:00Z, 2026-03-29T22:00:00Z",
        "DAY, Europe/Berlin, 2026-10-25T12:00:00Z, 2026-10-24T22:00:00Z, 2026-10-25T23:00:00Z",
        // a week begins on Monday
        "WEEK, UTC, 2026-11-29T23:00:00Z, 2026-11-23T00:00:00Z, 2026-11-30T00:00:00Z",
        "WEEK, Pacific/Auckland, 2026-11-29T12:00:00Z, 2026-11-29T11:00:00Z, 2026-12-06T11:00:00Z",
        "MONTH, UTC, 2028-02-29T10:00:00Z, 2028-02-01T00:00:00Z, 2028-03-01T00:00:00Z",
        "MONTH, America/New_York, 2026-12-31T23:00:00Z, 2026-12-01T05:00:00Z, 2027-01-01T05:00:00Z",
    })
    void followsTheCalendarOfTheZone(QuotaPeriod period, String zone, Instant now, Instant starts, Instant ends) {
        QuotaPeriod.Bounds bounds = period.around(now.toEpochMilli(), ZoneId.of(zone));
        assertThat(Instant.ofEpochMilli(bounds.startsAt())).isEqualTo(starts);
        assertThat(Instant.ofEpochMilli(bounds.endsAt())).isEqualTo(ends);
    }

    /** The ledger relies on it: calls of one quarter share their period. */
    @Test
    void everyPeriodOfEveryZoneBeginsOnAQuarterOfAnHour() {
        long now = Instant.parse("2026-11-24T12:00:00Z").toEpochMilli();
        for (String zone : ZoneId.getAvailableZoneIds()) {
            for (long days = 0; days < 800; days += 7) {
                long at = now + Duration.ofDays(days).toMillis();
                assertThat(QuotaPeriod.DAY.around(at, ZoneId.of(zone)).startsAt()
                                % Duration.ofMinutes(15).toMillis())
                        .as(zone)
                        .isZero();
            }
        }
    }
}
