package dev.sluice.wire;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * US dollars as a whole number of nano-dollars ({@code long}): 1 USD is 1,000,000,000. The largest amount is some
 * 9.2 billion dollars.
 */
public final class Money {
    public static final long NANOS_PER_USD = 1_000_000_000L;

    private static final int DECIMALS = 9;

    private Money() {}

    /**
     * Nano-dollars of an amount in dollars.
     *
     * @throws ArithmeticException when it has more than nine decimals or does not fit
     */
    public static long nanos(BigDecimal usd) {
        return usd.movePointRight(DECIMALS).longValueExact();
    }

    /** Dollars with only the decimals that are needed, never in exponent form: {@code 0.00000885}, {@code 12}. */
    public static BigDecimal usd(long nanos) {
        BigDecimal usd = BigDecimal.valueOf(nanos, DECIMALS).stripTrailingZeros();
        return usd.scale() < 0 ? usd.setScale(0, RoundingMode.UNNECESSARY) : usd;
    }

    /** {@link #usd} in words, without an object for each step: {@code -0.5}, {@code 12}. */
    public static String text(long nanos) {
        if (nanos == Long.MIN_VALUE) {
            return usd(nanos).toPlainString();
        }
        long amount = Math.abs(nanos);
        StringBuilder text = new StringBuilder(24);
        if (nanos < 0) {
            text.append('-');
        }
        text.append(amount / NANOS_PER_USD);
        long fraction = amount % NANOS_PER_USD;
        if (fraction != 0) {
            text.append('.');
            for (long place = NANOS_PER_USD / 10; fraction != 0; place /= 10) {
                text.append((char) ('0' + fraction / place));
                fraction %= place;
            }
        }
        return text.toString();
    }
}
