package dev.sluice.channel;

import dev.sluice.database.Columns;
import dev.sluice.database.DataDirectory;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import tools.jackson.core.type.TypeReference;

/**
 * Seals channel keys for the database, and opens them: AES-256-GCM under the master key, which is {@code
 * SLUICE_SECRET_KEY} or generated in the data directory. A sealed text is {@code v1:<key id>:<base64 of nonce and
 * ciphertext>}; the key id tells which master key opens it.
 */
@Component
final class KeySeal {
    private static final String FORM = "v1";
    private static final String FILE = "secret-key";
    private static final int SHORTEST = 16;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final byte[] CONTEXT = "sluice channel keys v1".getBytes(StandardCharsets.US_ASCII);
    private static final TypeReference<List<String>> STRINGS = new TypeReference<>() {};
    private static final SecureRandom RANDOM = new SecureRandom();

    private final SecretKeySpec key;
    private final String keyId;

    KeySeal(@Value("${sluice.secret-key}") String given, DataDirectory directory) {
        if (!given.isEmpty() && given.length() < SHORTEST) {
            throw new IllegalArgumentException(
                    "SLUICE_SECRET_KEY has " + given.length() + " characters (expected: >= " + SHORTEST + ", or none)");
        }
        String master = given.isEmpty() ? directory.kept(FILE, KeySeal::generated) : given;
        // RFC 5869 (HKDF) with an empty salt: one part of the master key's bits to encrypt with, another to be named
        // by.
        byte[] extracted = hmac(new byte[32], master.getBytes(StandardCharsets.UTF_8));
        this.key = new SecretKeySpec(expanded(extracted, "channel keys"), "AES");
        this.keyId = HexFormat.of().formatHex(expanded(extracted, "key id"), 0, 4);
    }

    String seal(List<String> keys) {
        byte[] nonce = new byte[NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        byte[] clear = Columns.json(keys).getBytes(StandardCharsets.UTF_8);
        try {
            byte[] sealed = cipher(Cipher.ENCRYPT_MODE, nonce).doFinal(clear);
            byte[] all = Arrays.copyOf(nonce, NONCE_BYTES + sealed.length);
            System.arraycopy(sealed, 0, all, NONCE_BYTES, sealed.length);
            return FORM + ":" + keyId + ":" + Base64.getEncoder().encodeToString(all);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot seal channel keys", e);
        }
    }

    /** @throws IllegalStateException when it was sealed with another master key, or was changed since */
    List<String> open(String sealed) {
        String[] parts = sealed.split(":", 3);
        if (parts.length != 3 || !parts[0].equals(FORM)) {
            throw new IllegalStateException(
                    "The channel keys in the database are of a form that this version does not know");
        }
        if (!parts[1].equals(keyId)) {
            throw new IllegalStateException(
                    "SLUICE_SECRET_KEY is not the one that the channel keys in the database were"
                            + " sealed with (key id " + keyId + ", expected: " + parts[1]
                            + "); set the one used before, or put the file '" + FILE
                            + "' back into the data directory");
        }
        try {
            byte[] all = Base64.getDecoder().decode(parts[2]);
            byte[] nonce = Arrays.copyOf(all, NONCE_BYTES);
            byte[] clear = cipher(Cipher.DECRYPT_MODE, nonce).doFinal(all, NONCE_BYTES, all.length - NONCE_BYTES);
            return Columns.value(new String(clear, StandardCharsets.UTF_8), STRINGS);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IllegalStateException("The channel keys in the database were changed since they were sealed", e);
        }
    }

    private Cipher cipher(int mode, byte[] nonce) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(CONTEXT);
        return cipher;
    }

    private static byte[] expanded(byte[] extracted, String purpose) {
        byte[] info = ("sluice " + purpose + "\u0001").getBytes(StandardCharsets.ISO_8859_1);
        return hmac(extracted, info);
    }

    private static byte[] hmac(byte[] key, byte[] text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JRE has HmacSHA256", e);
        }
    }

    private static String generated() {
        byte[] bytes = new byte[32];
        RANDOM.nextBytes(bytes);
        return Base64.getEncoder().encodeToString(bytes);
    }
}
