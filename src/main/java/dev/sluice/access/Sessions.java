package dev.sluice.access;

import dev.sluice.database.Database;
import dev.sluice.database.Witness;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Who is signed in to the console. */
@Component
public final class Sessions {
    public static final Duration LENGTH = Duration.ofDays(7);
    private static final String PREFIX = "ses-";

    /** A session just begun; its id is shown this once. */
    public record Begun(User user, Secret id) {}

    private final Register register;
    private final Database database;
    private final Passwords passwords;
    private final Clock clock;
    private final GuessThrottle throttle;

    Sessions(Register register, Database database, Passwords passwords, Clock clock) {
        this.register = register;
        this.database = database;
        this.passwords = passwords;
        this.clock = clock;
        this.throttle = new GuessThrottle(clock, "Too many failed sign-ins. Try again in a while.");
    }

    /**
     * Begins a session; nothing when name or password are wrong, or the user is disabled.
     *
     * @param before the id of the session that the new one replaces
     * @throws dev.sluice.wire.Refusal when there were too many failures
     */
    public Mono<Begun> begin(
            String username, String password, InetAddress address, @Nullable String before, Witness<User> witness) {
        throttle.attempt(username, address);
        return database.read(client -> UserTable.passwordHash(client, username))
                .next()
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .flatMap(hash -> passwords.match(password, hash.orElse(null)))
                .filter(right -> right)
                .flatMap(right -> database.inTransaction(client -> UserTable.named(client, username)))
                .filter(User::enabled)
                .doOnNext(user -> throttle.succeeded(username, address))
                .flatMap(user -> replace(user, before, witness));
    }

    private Mono<Begun> replace(User user, @Nullable String before, Witness<User> witness) {
        Secret id = Secret.make(PREFIX);
        long now = clock.millis();
        return database.inTransaction(client -> SessionTable.deleteExpired(client, now)
                        .then(SessionTable.delete(client, before == null ? "" : Secret.hash(before)))
                        .then(SessionTable.insert(client, id.hash(), user.id(), now, now + LENGTH.toMillis()))
                        .then(witness.saw(client, user, user)))
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
