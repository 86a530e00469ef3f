package dev.sluice.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * A secret just made, to be shown once: a prefix and 48 random letters and digits (285 bits). What is kept of it is its
 * hash and its hint. A hash without salt is enough: so many bits cannot be guessed.
 */
public record Secret(String text, String hash, String hint) {
    static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static final int LETTERS = 48;

    private static final SecureRandom RANDOM = new SecureRandom();

    static Secret make(String prefix) {
        String letters = random(LETTERS);
        String text = prefix + letters;
        String hint = prefix + letters.substring(0, 4) + "…" + letters.substring(LETTERS - 4);
        return new Secret(text, hash(text), hint);
    }

    static String random(int letters) {
        StringBuilder text = new StringBuilder(letters);
        for (int i = 0; i < letters; i++) {
            text.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
        }
        return text.toString();
    }

    /** Lower-case hex SHA-256. */
    static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JRE has SHA-256", e);
        }
    }

    /** Whether it is the prefix followed by 48 letters and digits. */
    static boolean wellFormed(String text, String prefix, int end) {
        if (end != prefix.length() + LETTERS || text.length() < end || !text.startsWith(prefix)) {
            return false;
        }
        for (int i = prefix.length(); i < end; i++) {
            char c = text.charAt(i);
            if (!(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return hint;
    }
}
