package dev.sluice.access;

import dev.sluice.database.Database;
import dev.sluice.database.MasterKey;
import dev.sluice.database.MasterKey.Purpose;
import dev.sluice.database.Witness;
import dev.sluice.wire.Objection;
import java.net.InetAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * The second factors of users: a code of an authenticator app that a sign-in wants beside the password, and ten recovery
 * codes for when the app is lost. A code counts once.
 */
@Component
public final class SecondFactors {
    private static final int SECRET_BYTES = 20; // what RFC 4226 recommends; 32 letters to type
    private static final int RECOVERY_CODES = 10;
    private static final int RECOVERY_BYTES = 10; // 80 bits: no salt is needed, a hash cannot be guessed back
    private static final SecureRandom RANDOM = new SecureRandom();

    /**
     * How it stands with a user's.
     *
     * @param since epoch milliseconds; null: it is off
     */
    public record State(@Nullable Long since, long recoveryCodes) {
        public boolean enabled() {
            return since != null;
        }
    }

    /** A secret just made, to be shown once: in base 32, and as the address that apps read from a QR code. */
    public record Enrolment(String secret, String uri) {
        @Override
        public String toString() {
            return "a second factor";
        }
    }

    /** What a sign-in finds. */
    enum Verdict {
        NONE_WANTED,
        WANTED,
        WRONG,
        RIGHT;

        boolean lets() {
            return this == NONE_WANTED || this == RIGHT;
        }
    }

    private final Database database;
    private final MasterKey key;
    private final Passwords passwords;
    private final Clock clock;
    private final GuessThrottle throttle;

    SecondFactors(Database database, MasterKey key, Passwords passwords, Clock clock) {
        this.database = database;
        this.key = key;
        this.passwords = passwords;
        this.clock = clock;
        this.throttle = new GuessThrottle(clock, "Too many wrong passwords or codes. Try again in a while.");
    }

    public Mono<State> state(long userId) {
        return database.read(client -> SecondFactorTable.find(client, userId))
                .next()
                .filter(row -> row.confirmedAt() != null)
                .flatMap(row -> database.read(client -> SecondFactorTable.recoveryCodes(client, userId))
                        .next()
                        .map(left -> new State(row.confirmedAt(), left)))
                .defaultIfEmpty(new State(null, 0));
    }

    /**
     * Makes a secret for the user's app. It counts from {@link #confirm} on; until then another may be made.
     *
     * @throws WrongProof when the password is wrong
     */
    public Mono<Enrolment> begin(User user, String password, InetAddress address) {
        byte[] secret = new byte[SECRET_BYTES];
        RANDOM.nextBytes(secret);
        String sealed = key.seal(Purpose.SECOND_FACTORS, Base64.getEncoder().encodeToString(secret));
        return proven(user, password, address)
                .then(database.inTransaction(client -> SecondFactorTable.find(client, user.id())
                        .any(row -> row.confirmedAt() != null)
                        .doOnNext(SecondFactors::notYet)
                        .then(SecondFactorTable.deleteOf(client, user.id()))
                        .then(SecondFactorTable.insert(client, user.id(), sealed, clock.millis()))))
                .doOnSuccess(done -> throttle.succeeded(user.username(), address))
                .thenReturn(new Enrolment(Base32.of(secret), uri(user, Base32.of(secret))));
    }

    private static void notYet(boolean confirmed) {
        if (confirmed) {
            throw new Conflict(Objection.FACTOR_ON, "The second factor is on already. Turn it off first.");
        }
    }

    /** The key URI format of the common apps. */
    private static String uri(User user, String secret) {
        String name = URLEncoder.encode(user.username(), StandardCharsets.UTF_8);
        return "otpauth://totp/Sluice:" + name + "?secret=" + secret + "&issuer=Sluice&digits=" + OneTimeCode.DIGITS
                + "&period=" + OneTimeCode.SECONDS;
    }

    /**
     * Turns it on, when the app shows by a code that it knows the secret; the user's other sessions end.
     *
     * @param session hash of the one that stays; null: none
     * @return the recovery codes, this once
     */
    public Mono<List<String>> confirm(User user, String code, @Nullable String session, Witness<User> witness) {
        List<String> codes = Stream.generate(SecondFactors::recoveryCode)
                .limit(RECOVERY_CODES)
                .toList();
        List<String> hashes = codes.stream().map(SecondFactors::hash).toList();
        return database.inTransaction(client -> SecondFactorTable.find(client, user.id())
                .next()
                .switchIfEmpty(Mono.error(() -> new Conflict(
                        Objection.FACTOR_NOT_BEGUN, "There is no second factor to confirm. Begin one first.")))
                .doOnNext(row -> notYet(row.confirmedAt() != null))
                .flatMap(row -> used(client, user.id(), row.sealedSecret(), code))
                .doOnNext(SecondFactors::right)
                .then(SecondFactorTable.confirm(client, user.id(), clock.millis()))
                .then(SecondFactorTable.insertRecoveryCodes(client, user.id(), hashes))
                .then(SessionTable.deleteOf(client, user.id(), session))
                .then(witness.saw(client, user, user))
                .thenReturn(codes));
    }

    /**
     * Turns it off.
     *
     * @throws WrongProof when password or code are wrong
     */
    public Mono<Void> end(User user, String password, String code, InetAddress address, Witness<User> witness) {
        return proven(user, password, address)
                .then(database.inTransaction(client -> judge(client, user.id(), code)
                        .doOnNext(verdict -> on(verdict))
                        .doOnNext(verdict -> right(verdict == Verdict.RIGHT))
                        .then(SecondFactorTable.deleteOf(client, user.id()))
                        .then(witness.saw(client, user, user))))
                .doOnSuccess(done -> throttle.succeeded(user.username(), address));
    }

    private static void on(Verdict verdict) {
        if (verdict == Verdict.NONE_WANTED) {
            throw new Conflict(Objection.FACTOR_OFF, "The second factor is off already.");
        }
    }

    private static void right(boolean right) {
        if (!right) {
            throw new WrongProof("code", "is wrong, or was used before (expected: the code that the app shows now)");
        }
    }

    /** Turns a user's off who lost app and codes. */
    public Mono<Void> reset(User user, Witness<User> witness) {
        return database.inTransaction(client -> SecondFactorTable.deleteOf(client, user.id())
                .filter(rows -> rows > 0)
                .flatMap(rows -> witness.saw(client, user, user)));
    }

    private Mono<Void> proven(User user, String password, InetAddress address) {
        return Mono.defer(() -> {
                    throttle.attempt(user.username(), address);
                    return passwords.right(database, user.username(), password);
                })
                .filter(right -> right)
                .switchIfEmpty(Mono.error(() -> new WrongProof("password", "is wrong (expected: your own)")))
                .then();
    }

    /**
     * Whether a sign-in may go on; a right code is used up.
     *
     * @param code null: none was given
     */
    Mono<Verdict> judge(DatabaseClient client, long userId, @Nullable String code) {
        return SecondFactorTable.find(client, userId)
                .next()
                .filter(row -> row.confirmedAt() != null)
                .flatMap(row -> code == null
                        ? Mono.just(Verdict.WANTED)
                        : used(client, userId, row.sealedSecret(), code)
                                .map(right -> right ? Verdict.RIGHT : Verdict.WRONG))
                .defaultIfEmpty(Verdict.NONE_WANTED);
    }

    private Mono<Boolean> used(DatabaseClient client, long userId, String sealedSecret, String code) {
        String bare = bare(code);
        if (!OneTimeCode.wellFormed(bare)) {
            return SecondFactorTable.useRecoveryCode(client, userId, hash(bare)).map(rows -> rows > 0);
        }
        byte[] secret = Base64.getDecoder().decode(key.open(Purpose.SECOND_FACTORS, sealedSecret));
        long step = OneTimeCode.step(secret, bare, clock.millis());
        return step < 0
                ? Mono.just(false)
                : SecondFactorTable.use(client, userId, step).map(rows -> rows > 0);
    }

    /** As people type it: with blanks and dashes, large or small. */
    private static String bare(String code) {
        return code.replaceAll("[\\s-]", "").toUpperCase(Locale.ROOT);
    }

    private static String recoveryCode() {
        byte[] bytes = new byte[RECOVERY_BYTES];
        RANDOM.nextBytes(bytes);
        return Base32.of(bytes).replaceAll("(.{4})(?!$)", "$1-");
    }

    private static String hash(String code) {
        return Secret.hash("recovery " + bare(code));
    }

    /** After the master key was changed; see {@link MasterKey#sealAgain}. */
    public static Mono<Long> sealAgain(DatabaseClient client, MasterKey key) {
        return key.sealAgain(client, Purpose.SECOND_FACTORS, SecondFactorTable.NAME, "user_id", "sealed_secret");
    }
}
