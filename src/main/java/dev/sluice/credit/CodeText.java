package dev.sluice.credit;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;

/**
 * A redemption code in the clear, shown once: 25 letters and digits in five groups (125 bits), without those that look
 * alike, so that people can type it. Case, hyphens and blanks do not matter. So many bits need no salt to be hashed.
 */
public record CodeText(String text) {
    private static final String ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private static final int LETTERS = 25;
    private static final int GROUP = 5;
    private static final SecureRandom RANDOM = new SecureRandom();

    static CodeText make() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < LETTERS; i++) {
            text.append(i > 0 && i % GROUP == 0 ? "-" : "").append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
        }
        return new CodeText(text.toString());
    }

    String hint() {
        return text.substring(0, GROUP) + "-…";
    }

    /** Lower-case hex SHA-256 of the letters and digits alone; I and L are read as 1, O as 0. */
    String hash() {
        String plain = text.toUpperCase(Locale.ROOT)
                .replaceAll("[-\\s]", "")
                .replace('I', '1')
                .replace('L', '1')
                .replace('O', '0');
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(plain.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JRE has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return hint();
    }
}
