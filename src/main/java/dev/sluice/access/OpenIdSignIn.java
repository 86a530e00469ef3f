package dev.sluice.access;

import dev.sluice.access.OpenIdProvider.Identity;
import dev.sluice.database.Changes;
import dev.sluice.database.Columns;
import dev.sluice.database.Database;
import dev.sluice.database.MasterKey;
import dev.sluice.database.MasterKey.Purpose;
import dev.sluice.database.Witness;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Signing in at the OpenID provider: there with a state, a nonce and a PKCE challenge, and back with a code (OpenID Connect
 * Core, 3.1; RFC 7636). What must be known again on the way back goes sealed in a cookie, so that it may be another node
 * that is come back to; that it came back is in the database, so that it does so once.
 */
@Component
public final class OpenIdSignIn {
    private static final Logger log = LoggerFactory.getLogger(OpenIdSignIn.class);

    /** Long enough to look for one's phone. */
    public static final Duration LENGTH = Duration.ofMinutes(10);

    private static final int STATE_LETTERS = 43; // 256 bits
    private static final int VERIFIER_LETTERS = 64;
    private static final int LONGEST_NAME = 55; // leaves room for a number
    private static final int MOST_NAMESAKES = 100;

    /** Where to send the browser, and the cookie that it takes along. */
    public record Departure(String url, String cookie) {
        @Override
        public String toString() {
            return "a departure";
        }
    }

    /** What comes of it. */
    public sealed interface Arrival {}

    public record SignedIn(Sessions.Begun begun) implements Arrival {}

    /** The user who was signed in already can sign in so from now on. */
    public record Linked() implements Arrival {}

    public enum Failed implements Arrival {
        /** It did not begin here, took too long, or came back before. */
        STATE,
        /** The provider, or whoever sat there, said no. */
        DENIED,
        /** What the provider says is not to be believed, or it does not answer; the log says why. */
        PROVIDER,
        /** Nobody here is that, and users are not made so. */
        UNKNOWN_USER,
        DISABLED_USER,
        /** Somebody else is that already, or whoever asked is no longer signed in. */
        NOT_LINKED
    }

    /** What the cookie holds. */
    record Journey(
            String state,
            String nonce,
            String verifier,
            @Nullable Long link,
            long until) {}

    private final OpenIdProvider provider;
    private final MasterKey key;
    private final Database database;
    private final Changes changes;
    private final Sessions sessions;
    private final Passwords passwords;
    private final Clock clock;
    private final String name;
    private final boolean createUsers;

    OpenIdSignIn(
            OpenIdProvider provider,
            MasterKey key,
            Database database,
            Changes changes,
            Sessions sessions,
            Passwords passwords,
            Clock clock,
            @Value("${sluice.oidc.name}") String name,
            @Value("${sluice.oidc.create-users}") String createUsers) {
        this.provider = provider;
        this.key = key;
        this.database = database;
        this.changes = changes;
        this.sessions = sessions;
        this.passwords = passwords;
        this.clock = clock;
        this.name = name;
        if (!createUsers.matches("true|false")) {
            throw new IllegalArgumentException(
                    "SLUICE_OIDC_CREATE_USERS is '" + createUsers + "' (expected: true or false)");
        }
        this.createUsers = Boolean.parseBoolean(createUsers);
    }

    public boolean offered() {
        return provider.configured();
    }

    /** What the provider is called on the sign-in page. */
    public String name() {
        return name;
    }

    public Mono<Boolean> linked(long userId) {
        return database.read(client -> IdentityTable.countOf(client, userId))
                .next()
                .map(count -> count > 0);
    }

    /** The user signs in with the password alone from now on. */
    public Mono<Void> unlink(User user, Witness<User> witness) {
        return database.inTransaction(client -> IdentityTable.deleteOf(client, user.id())
                .filter(rows -> rows > 0)
                .flatMap(rows -> witness.saw(client, user, user)));
    }

    /**
     * Begins; nothing when the provider does not answer.
     *
     * @param link the user who wants to sign in so from now on; null: somebody signs in
     */
    public Mono<Departure> depart(@Nullable Long link) {
        Journey journey = new Journey(
                Secret.random(STATE_LETTERS),
                Secret.random(STATE_LETTERS),
                Secret.random(VERIFIER_LETTERS),
                link,
                clock.millis() + LENGTH.toMillis());
        String cookie = key.seal(Purpose.SIGN_INS, Columns.json(journey));
        return provider.authorization(journey.state, journey.nonce, challenge(journey.verifier))
                .map(url -> new Departure(url, cookie))
                .onErrorResume(error -> unbelievable(error).then(Mono.empty()));
    }

    private static String challenge(String verifier) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JRE has SHA-256", e);
        }
    }

    /**
     * Ends what {@link #depart} began.
     *
     * @param code null: the provider sent none
     * @param cookie null: the browser sent none
     * @param here who is signed in; null: nobody
     * @param before the id of the session that the new one replaces
     * @param draft a new user of that name
     */
    public Mono<Arrival> arrive(
            @Nullable String code,
            @Nullable String state,
            @Nullable String cookie,
            @Nullable User here,
            @Nullable String before,
            Function<String, User> draft,
            Function<String, Witness<User>> witness) {
        Journey journey = cookie == null ? null : journey(cookie);
        if (journey == null || state == null || !same(journey.state, state) || journey.until < clock.millis()) {
            return Mono.just(Failed.STATE);
        }
        if (journey.link != null && (here == null || here.id() != journey.link)) {
            return Mono.just(Failed.NOT_LINKED);
        }
        Mono<Arrival> rest = code == null
                ? Mono.just(Failed.DENIED)
                : provider.identity(code, journey.verifier, journey.nonce)
                        .onErrorResume(error -> unbelievable(error).then(Mono.empty()))
                        .flatMap(identity -> journey.link == null || here == null
                                ? signIn(identity, before, draft, witness)
                                : link(identity, here, witness.apply("identity_on")))
                        .defaultIfEmpty(Failed.PROVIDER);
        return used(journey).flatMap(first -> first ? rest : Mono.just(Failed.STATE));
    }

    private @Nullable Journey journey(String cookie) {
        try {
            return Columns.value(key.open(Purpose.SIGN_INS, cookie), Journey.class);
        } catch (IllegalStateException e) {
            return null; // somebody else's, or of another key
        }
    }

    private static boolean same(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }

    private Mono<Boolean> used(Journey journey) {
        long now = clock.millis();
        return database.inTransaction(client -> IdentityTable.forget(client, now - 2 * LENGTH.toMillis())
                        .then(IdentityTable.use(client, Secret.hash(journey.state), now)))
                .thenReturn(true)
                .onErrorResume(DuplicateKeyException.class, e -> Mono.just(false));
    }

    private static Mono<Void> unbelievable(Throwable error) {
        log.warn(
                "The OpenID provider cannot sign anybody in: {}",
                error instanceof OpenIdProvider.Unbelievable ? error.getMessage() : error.toString());
        return Mono.empty();
    }

    private Mono<Arrival> signIn(
            Identity identity,
            @Nullable String before,
            Function<String, User> draft,
            Function<String, Witness<User>> witness) {
        return database.read(client -> IdentityTable.user(client, identity.issuer(), identity.subject()))
                .next()
                .flatMap(id -> database.inTransaction(client -> UserTable.find(client, id)))
                .switchIfEmpty(
                        Mono.defer(() -> createUsers ? made(identity, draft, witness.apply("register")) : Mono.empty()))
                .flatMap(user -> user.enabled()
                        ? sessions.beginFor(user, before, witness.apply("sign_in"))
                                .<Arrival>map(SignedIn::new)
                        : Mono.just(Failed.DISABLED_USER))
                .defaultIfEmpty(Failed.UNKNOWN_USER);
    }

    /** With a password that nobody knows: an admin may set one. */
    private Mono<User> made(Identity identity, Function<String, User> draft, Witness<User> witness) {
        return passwords
                .hash(Secret.random(Secret.LETTERS))
                .flatMap(hash -> changes.write(
                        Register.NAME,
                        client -> freeName(client, identity.name())
                                .flatMap(free -> UserTable.insert(client, draft.apply(free), hash))
                                .flatMap(id -> IdentityTable.insert(
                                                client, identity.issuer(), identity.subject(), id, clock.millis())
                                        .then(UserTable.find(client, id)))
                                .flatMap(user -> witness.saw(client, null, user).thenReturn(user))));
    }

    /** Never another user's: a name at the provider proves nothing here. */
    private static Mono<String> freeName(DatabaseClient client, String wanted) {
        String clean = wanted.replaceAll("[^\\p{L}\\p{N}._@-]", "-");
        String stem = clean.isEmpty() ? "user" : clean.substring(0, Math.min(clean.length(), LONGEST_NAME));
        return Flux.range(1, MOST_NAMESAKES)
                .map(count -> count == 1 ? stem : stem + "-" + count)
                .concatMap(each -> UserTable.named(client, each).hasElement().map(taken -> taken ? "" : each))
                .filter(each -> !each.isEmpty())
                .next();
    }

    private Mono<Arrival> link(Identity identity, User user, Witness<User> witness) {
        return database.inTransaction(client -> IdentityTable.insert(
                                client, identity.issuer(), identity.subject(), user.id(), clock.millis())
                        .then(witness.saw(client, user, user)))
                .<Arrival>thenReturn(new Linked())
                .onErrorResume(DuplicateKeyException.class, e -> Mono.just(Failed.NOT_LINKED));
    }
}
