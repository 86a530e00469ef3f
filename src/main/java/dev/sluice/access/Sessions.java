package dev.sluice.access;

import dev.sluice.access.SecondFactors.Verdict;
import dev.sluice.database.Database;
import dev.sluice.database.Witness;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Who is signed in to the console. */
@Component
public final class Sessions {
    public static final Duration LENGTH = Duration.ofDays(7);
    private static final String PREFIX = "ses-";

    /** What comes of a sign-in with the right name and password. */
    public sealed interface Outcome {}

    /** A session just begun; its id is shown this once. */
    public record Begun(User user, Secret id) implements Outcome {}

    /**
     * No session: the user's second factor is asked.
     *
     * @param wrong a code was given that is wrong, or was used before
     */
    public record CodeWanted(boolean wrong) implements Outcome {}

    private final Register register;
    private final Database database;
    private final Passwords passwords;
    private final SecondFactors secondFactors;
    private final Clock clock;
    private final GuessThrottle throttle;

    Sessions(Register register, Database database, Passwords passwords, SecondFactors secondFactors, Clock clock) {
        this.register = register;
        this.database = database;
        this.passwords = passwords;
        this.secondFactors = secondFactors;
        this.clock = clock;
        this.throttle = new GuessThrottle(clock, "Too many failed sign-ins. Try again in a while.");
    }

    /**
     * Begins a session; nothing when name or password are wrong, or the user is disabled.
     *
     * @param code of the second factor; null: none was given
     * @param before the id of the session that the new one replaces
     * @throws dev.sluice.wire.Refusal when there were too many failures
     */
    public Mono<Outcome> begin(
            String username,
            String password,
            @Nullable String code,
            InetAddress address,
            @Nullable String before,
            Witness<User> witness) {
        throttle.attempt(username, address);
        return passwords
                .right(database, username, password)
                .filter(right -> right)
                .flatMap(right -> database.inTransaction(client -> UserTable.named(client, username)))
                .filter(User::enabled)
                .flatMap(user -> database.<Outcome>inTransaction(client -> secondFactors
                        .judge(client, user.id(), code)
                        .flatMap(verdict -> verdict.lets()
                                ? replace(client, user, before, witness).<Outcome>map(begun -> begun)
                                : Mono.just(new CodeWanted(verdict == Verdict.WRONG)))))
                // a password alone must not set the count of wrong codes back
                .doOnNext(outcome -> {
                    if (outcome instanceof Begun) {
                        throttle.succeeded(username, address);
                    }
                });
    }

    /** A session of somebody who proved who it is in another way. */
    Mono<Begun> beginFor(User user, @Nullable String before, Witness<User> witness) {
        return database.inTransaction(client -> replace(client, user, before, witness));
    }

    private Mono<Begun> replace(DatabaseClient client, User user, @Nullable String before, Witness<User> witness) {
        Secret id = Secret.make(PREFIX);
        long now = clock.millis();
        return SessionTable.deleteExpired(client, now)
                .then(SessionTable.delete(client, before == null ? "" : Secret.hash(before)))
                .then(SessionTable.insert(client, id.hash(), user.id(), now, now + LENGTH.toMillis()))
                .then(witness.saw(client, user, user))
                .thenReturn(new Begun(user, id));
    }

    /** Whose session it is; nobody when it is unknown or over, or its user is disabled. */
    public Mono<Operator> identify(String id) {
        if (!Secret.wellFormed(id, PREFIX, id.length())) {
            return Mono.empty();
        }
        String hash = Secret.hash(id);
        return database.read(client -> SessionTable.user(client, hash, clock.millis()))
                .next()
                .mapNotNull(userId -> register.now().users().get(userId))
                .filter(User::enabled)
                .map(user -> Operator.of(user, Operator.Means.SESSION, true, hash));
    }

    /** @param hash as in {@link Operator#session()} */
    public Mono<Void> end(String hash, User user, Witness<User> witness) {
        return database.inTransaction(
                client -> SessionTable.delete(client, hash).then(witness.saw(client, user, user)));
    }
}
