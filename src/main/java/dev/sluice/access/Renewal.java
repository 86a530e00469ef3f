package dev.sluice.access;

import dev.sluice.wire.QuotaPeriod;
import java.time.ZoneId;

/**
 * How a quota begins anew. Nothing has to run at the turn of a period: the row stays as it is until a lease is taken in
 * the next one (quota/LeaseTable), and until then what calls of the next one spent is counted apart.
 *
 * @param startsAt of the period that was begun last, in epoch milliseconds; 0: the quota is for good
 * @param endsAt the first moment after it
 * @param baseNanos what had been used when it began: what was used since counts against the quota
 * @param nextNanos of that, what was spent by calls that began after its end
 */
public record Renewal(QuotaPeriod period, ZoneId zone, long startsAt, long endsAt, long baseNanos, long nextNanos) {
    /** A quota for good. */
    public static final Renewal NEVER = of(QuotaPeriod.NONE, ZoneId.of("UTC"));

    /** Not begun yet. */
    public static Renewal of(QuotaPeriod period, ZoneId zone) {
        return new Renewal(period, zone, 0, 0, 0, 0);
    }

    public boolean renews() {
        return period != QuotaPeriod.NONE;
    }

    boolean alike(Renewal other) {
        return period == other.period && zone.equals(other.zone);
    }

    /** The part of what was used that counts against the quota now. */
    public long counted(long usedNanos, long now) {
        if (!renews()) {
            return usedNanos;
        }
        if (now < endsAt) {
            return usedNanos - baseNanos;
        }
        return period.around(now, zone).startsAt() == endsAt ? nextNanos : 0;
    }

    /** When the period of this moment ends. */
    public long ends(long now) {
        return period.around(now, zone).endsAt();
    }
}
