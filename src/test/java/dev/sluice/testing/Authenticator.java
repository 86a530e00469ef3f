package dev.sluice.testing;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** An authenticator app, by RFC 6238 and not by the program's own code. */
public record Authenticator(String secret) {
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /** What it shows now. */
    public String code() {
        return code(0);
    }

    /** What it shows so many half minutes from now. */
    public String code(int later) {
        BigInteger bits = BigInteger.ZERO;
        for (char letter : secret.toCharArray()) {
            bits = bits.shiftLeft(5).or(BigInteger.valueOf(LETTERS.indexOf(letter)));
        }
        byte[] key = new byte[secret.length() * 5 / 8];
        byte[] shown = bits.toByteArray();
        int length = Math.min(key.length, shown.length);
        System.arraycopy(shown, shown.length - length, key, key.length - length, length);
        return code(key, System.currentTimeMillis() / 30_000 + later);
    }

    private static String code(byte[] key, long step) {
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(key, "HmacSHA1"));
            byte[] hash = mac.doFinal(ByteBuffer.allocate(8).putLong(step).array());
            int offset = hash[19] & 15;
            int number = (hash[offset] & 127) << 24
                    | (hash[offset + 1] & 255) << 16
                    | (hash[offset + 2] & 255) << 8
                    | hash[offset + 3] & 255;
            return "%06d".formatted(number % 1_000_000);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
