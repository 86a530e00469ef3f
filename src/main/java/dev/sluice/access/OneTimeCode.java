package dev.sluice.access;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Locale;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The six digits that an authenticator app shows: RFC 6238 with SHA-1 and half minutes, which is all that the common apps
 * know.
 */
final class OneTimeCode {
    static final int DIGITS = 6;
    static final int SECONDS = 30;
    /** Of clocks that differ: one half minute before and one after. */
    private static final int DRIFT = 1;

    private static final int MODULUS = 1_000_000;

    private OneTimeCode() {}

    static boolean wellFormed(String code) {
        return code.length() == DIGITS && code.chars().allMatch(each -> each >= '0' && each <= '9');
    }

    /** The half minute that the code is of, counted since 1970; below zero: of none that counts now. */
    static long step(byte[] secret, String code, long millis) {
        long now = millis / 1000 / SECONDS;
        long found = -1;
        for (long step = now - DRIFT; step <= now + DRIFT; step++) { // all of them, in whatever time that takes
            if (MessageDigest.isEqual(of(secret, step).getBytes(), code.getBytes())) {
                found = step;
            }
        }
        return found;
    }

    static String of(byte[] secret, long step) {
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(secret, "HmacSHA1"));
            byte[] hash = mac.doFinal(ByteBuffer.allocate(8).putLong(step).array());
            int number = ByteBuffer.wrap(hash).getInt(hash[hash.length - 1] & 0xf) & 0x7fffffff;
            return String.format(Locale.ROOT, "%06d", number % MODULUS);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JRE has HmacSHA1", e);
        }
    }
}
