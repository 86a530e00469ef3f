package dev.sluice.bench;

/** How long calls took, counted in steps of a hundredth of the value or better; up to about a minute. */
final class Latencies {
    private static final int STEPS = 128;
    private final long[] counts = new long[STEPS * 28];
    private long total;

    void add(long nanos) {
        long micros = Math.max(1, nanos / 1_000);
        int power = 63 - Long.numberOfLeadingZeros(micros);
        int step = power >= 7 ? (int) (micros >>> power - 7) - STEPS : (int) (micros << 7 - power) - STEPS;
        counts[Math.min(counts.length - 1, power * STEPS + step)]++;
        total++;
    }

    /** Microseconds. */
    long quantile(double part) {
        long wanted = (long) Math.ceil(total * part);
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= wanted) {
                int power = i / STEPS;
                long mantissa = STEPS + i % STEPS;
                return power >= 7 ? mantissa << power - 7 : mantissa >>> 7 - power;
            }
        }
        return -1;
    }

    void clear() {
        java.util.Arrays.fill(counts, 0);
        total = 0;
    }
}
