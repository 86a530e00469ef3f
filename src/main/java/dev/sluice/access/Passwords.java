package dev.sluice.access;

import dev.sluice.database.Database;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Hashes passwords and compares them, on a thread of their own: BCrypt takes a core for a tenth of a second. */
@Component
public final class Passwords implements DisposableBean {
    public static final int SHORTEST = 8;
    /** BCrypt looks no further. */
    public static final int MOST_BYTES = 72;

    private final BCryptPasswordEncoder encoder = new BCryptPasswordEncoder();
    /** One thread, so that a flood of sign-ins leaves the other cores to the relay; 50 may wait, some five seconds. */
    private final Scheduler scheduler = Schedulers.newBoundedElastic(1, 50, "passwords", 60, true);

    private final String nobodys = encoder.encode(Secret.random(24));

    Passwords() {}

    /** What is wrong with it as a new password; null: nothing. */
    public static @Nullable String fault(String password) {
        if (password.length() < SHORTEST) {
            return "has " + password.length() + " characters (expected: >= " + SHORTEST + ")";
        }
        int bytes = password.getBytes(StandardCharsets.UTF_8).length;
        return bytes > MOST_BYTES ? "has " + bytes + " bytes in UTF-8 (expected: <= " + MOST_BYTES + ")" : null;
    }

    public Mono<String> hash(String password) {
        return Mono.fromCallable(() -> hashNow(password)).subscribeOn(scheduler); // BCrypt
    }

    String hashNow(String password) {
        return encoder.encode(password);
    }

    /** @param hash null: nobody has that name; it takes the same time to find out */
    private Mono<Boolean> match(String password, @Nullable String hash) {
        return Mono.fromCallable(() -> {
                    boolean same = encoder.matches(password, hash == null ? nobodys : hash);
                    return same && hash != null;
                })
                .subscribeOn(scheduler); // BCrypt
    }

    /** Whether it is that user's; also where there is no such user, after as long a time. */
    Mono<Boolean> right(Database database, String username, String password) {
        return database.read(client -> UserTable.passwordHash(client, username))
                .next()
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .flatMap(hash -> match(password, hash.orElse(null)));
    }

    @Override
    public void destroy() {
        scheduler.dispose();
    }
}
