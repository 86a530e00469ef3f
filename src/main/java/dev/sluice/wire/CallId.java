package dev.sluice.wire;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Makes the ids of calls: 26 characters that sort by time, 48 bits of milliseconds and 80 random bits in Crockford's
 * base 32 (the ULID form, github.com/ulid/spec). They need to be different, not secret. Within one millisecond the random part counts up, so ids of one node
 * never collide nor run backwards.
 */
public final class CallId {
    private static final char[] DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".toCharArray();
    private static long lastMillis;
    private static long high;
    private static long low;

    private CallId() {}

    public static String next(long nowMillis) {
        long millis;
        long upper;
        long lower;
        synchronized (CallId.class) {
            if (nowMillis > lastMillis) {
                lastMillis = nowMillis;
                high = ThreadLocalRandom.current().nextLong() & 0x7FFF; // the top bit is left free for counting up
                low = ThreadLocalRandom.current().nextLong();
            } else if (++low == 0) {
                high++;
            }
            millis = lastMillis;
            upper = high;
            lower = low;
        }
        char[] text = new char[26];
        for (int i = 9; i >= 0; i--) {
            text[i] = DIGITS[(int) (millis & 31)];
            millis >>>= 5;
        }
        for (int i = 25; i >= 10; i--) {
            text[i] = DIGITS[(int) (lower & 31)];
            lower = (lower >>> 5) | (upper << 59);
            upper >>>= 5;
        }
        return new String(text);
    }

    /** The smallest id of that millisecond: where a search by time begins. */
    public static String floor(long millis) {
        char[] text = "00000000000000000000000000".toCharArray();
        for (int i = 9; i >= 0; i--) {
            text[i] = DIGITS[(int) (millis & 31)];
            millis >>>= 5;
        }
        return new String(text);
    }
}
