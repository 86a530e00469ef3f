package dev.sluice.database;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.core.env.Environment;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Mono;

/**
 * The key under which secrets are sealed for the database (AES-256-GCM): {@code SLUICE_SECRET_KEY}, or generated in the
 * data directory. A sealed text is {@code v1:<key id>:<base64 of nonce and ciphertext>}; the key id tells which key opens
 * it, so that while the key is being changed the one before opens too.
 */
public final class MasterKey {
    private static final String GIVEN = "SLUICE_SECRET_KEY";
    private static final String OLD = "SLUICE_OLD_SECRET_KEY";
    private static final String FORM = "v1";
    private static final String FILE = "secret-key";
    private static final int SHORTEST = 16;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** What a secret is for: what was sealed for one purpose does not open for another. */
    public enum Purpose {
        CHANNEL_KEYS("channel keys"),
        SECOND_FACTORS("second factors"),
        SIGN_INS("sign-ins");

        private final String words;

        Purpose(String words) {
            this.words = words;
        }
    }

    /**
     * One text that a key was made of: its id, and what the keys for each purpose are made of. RFC 5869 (HKDF) with an
     * empty salt: one part of its bits to encrypt with, another to be named by.
     */
    private record Key(String id, byte[] extracted) {
        static Key of(String text) {
            byte[] extracted = hmac(new byte[32], text.getBytes(StandardCharsets.UTF_8));
            return new Key(HexFormat.of().formatHex(expanded(extracted, "key id"), 0, 4), extracted);
        }

        Cipher cipher(int mode, Purpose purpose, byte[] nonce) throws GeneralSecurityException {
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            SecretKeySpec key = new SecretKeySpec(expanded(extracted, purpose.words), "AES");
            cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD(("sluice " + purpose.words + " v1").getBytes(StandardCharsets.US_ASCII));
            return cipher;
        }

        @Override
        public String toString() {
            return id;
        }
    }

    private final List<Key> keys;

    private MasterKey(Set<String> texts) {
        this.keys = texts.stream().map(Key::of).toList();
    }

    /** The first is the one to seal with. */
    static MasterKey of(Environment settings, DataDirectory directory) {
        String given = setting(settings, "sluice.secret-key", GIVEN);
        String old = setting(settings, "sluice.old-secret-key", OLD);
        Set<String> texts = new LinkedHashSet<>();
        if (!given.isEmpty()) {
            texts.add(given);
        } else {
            directory.kept(FILE, MasterKey::generated);
        }
        if (directory.has(FILE)) {
            texts.addAll(lines(directory));
        }
        if (!old.isEmpty()) {
            texts.add(old);
        }
        return new MasterKey(texts);
    }

    private static String setting(Environment settings, String property, String name) {
        String text = settings.getProperty(property, "");
        if (!text.isEmpty() && text.length() < SHORTEST) {
            throw new IllegalArgumentException(
                    name + " has " + text.length() + " characters (expected: >= " + SHORTEST + ", or none)");
        }
        return text;
    }

    private static List<String> lines(DataDirectory directory) {
        return directory
                .kept(FILE, MasterKey::generated)
                .lines()
                .map(String::strip)
                .toList();
    }

    /**
     * The key that takes this one's place, with all before it to open what they sealed. A generated key is made anew and
     * kept beside the others; one that was given is new already.
     */
    public static MasterKey next(Environment settings, DataDirectory directory) {
        boolean given = !setting(settings, "sluice.secret-key", GIVEN).isEmpty();
        MasterKey now = of(settings, directory);
        if (given && now.keys.size() == 1) {
            throw new IllegalArgumentException(OLD + " is not set. Set it to the key that was " + GIVEN + " until now,"
                    + " and " + GIVEN + " to the new one");
        }
        if (!given) {
            List<String> all = new ArrayList<>(List.of(generated()));
            all.addAll(lines(directory));
            directory.write(FILE, String.join("\n", all));
        }
        return of(settings, directory);
    }

    /** Of generated keys, all but this one and the one before it are forgotten: nothing is sealed with them any more. */
    public static void settle(DataDirectory directory) {
        if (directory.has(FILE)) {
            directory.write(
                    FILE, String.join("\n", lines(directory).stream().limit(2).toList()));
        }
    }

    public String seal(Purpose purpose, String clear) {
        byte[] nonce = new byte[NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        Key key = keys.getFirst();
        try {
            byte[] sealed =
                    key.cipher(Cipher.ENCRYPT_MODE, purpose, nonce).doFinal(clear.getBytes(StandardCharsets.UTF_8));
            byte[] all = Arrays.copyOf(nonce, NONCE_BYTES + sealed.length);
            System.arraycopy(sealed, 0, all, NONCE_BYTES, sealed.length);
            return FORM + ":" + key.id + ":" + Base64.getEncoder().encodeToString(all);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot seal " + purpose.words, e);
        }
    }

    /** @throws IllegalStateException when it was sealed with a key that is not among these, or was changed since */
    public String open(Purpose purpose, String sealed) {
        String[] parts = sealed.split(":", 3);
        if (parts.length != 3 || !parts[0].equals(FORM)) {
            throw new IllegalStateException(
                    "The " + purpose.words + " in the database are of a form that this version does not know");
        }
        Key key = keys.stream()
                .filter(each -> each.id.equals(parts[1]))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(GIVEN + " is not the one that the " + purpose.words
                        + " in the database were sealed with (key id " + keys.getFirst() + ", expected: " + parts[1]
                        + "); set the one used before, or put the file '" + FILE + "' back into the data directory"));
        try {
            byte[] all = Base64.getDecoder().decode(parts[2]);
            byte[] nonce = Arrays.copyOf(all, NONCE_BYTES);
            byte[] clear =
                    key.cipher(Cipher.DECRYPT_MODE, purpose, nonce).doFinal(all, NONCE_BYTES, all.length - NONCE_BYTES);
            return new String(clear, StandardCharsets.UTF_8);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IllegalStateException(
                    "The " + purpose.words + " in the database were changed since they were sealed", e);
        }
    }

    /**
     * Seals again what another key sealed, row by row.
     *
     * @param id the table's key, a number
     * @return how many rows there were to do
     */
    public Mono<Long> sealAgain(DatabaseClient client, Purpose purpose, String table, String id, String column) {
        record Row(long id, String sealed) {}
        return client.sql("SELECT " + id + ", " + column + " FROM " + table + " ORDER BY " + id)
                .map(row -> new Row(requireNonNull(row.get(0, Long.class)), requireNonNull(row.get(1, String.class))))
                .all()
                .collectList() // the connection is free for the updates
                .flatMapIterable(rows -> rows)
                .filter(row -> !row.sealed.startsWith(FORM + ":" + keys.getFirst() + ":"))
                .concatMap(row -> client.sql("UPDATE " + table + " SET " + column + " = :sealed WHERE " + id + " = :id")
                        .bind("sealed", seal(purpose, open(purpose, row.sealed)))
                        .bind("id", row.id)
                        .fetch()
                        .rowsUpdated())
                .count();
    }

    /** The first eight digits of its hash: no secret. */
    @Override
    public String toString() {
        return keys.getFirst().id;
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
