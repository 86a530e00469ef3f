package dev.sluice.access;

import static java.util.Objects.requireNonNull;

import dev.sluice.database.DataDirectory;
import dev.sluice.database.Database;
import dev.sluice.database.Where;
import dev.sluice.wire.Limits;
import java.time.Clock;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** The first user, {@code root}: made at the very first start, with the operator's password or a generated one. */
@Component
public final class RootAccount {
    private static final Logger log = LoggerFactory.getLogger(RootAccount.class);
    private static final String USERNAME = "root";
    private static final String FILE = "root-password";
    private static final int GENERATED_LETTERS = 24;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Database database;
    private final DataDirectory directory;
    private final Passwords passwords;
    private final Clock clock;
    private final String given;

    RootAccount(
            Database database,
            DataDirectory directory,
            Passwords passwords,
            Clock clock,
            @Value("${sluice.root-password}") String given) {
        this.database = database;
        this.directory = directory;
        this.passwords = passwords;
        this.clock = clock;
        this.given = given;
        String fault = given.isEmpty() ? null : Passwords.fault(given);
        if (fault != null) {
            throw new IllegalArgumentException("SLUICE_ROOT_PASSWORD " + fault);
        }
    }

    /** While the program starts, on its main thread: the one place that may wait here. */
    void makeIfFirstStart() {
        Long users = database.inTransaction(client -> UserTable.count(client, new Where()))
                .block(PATIENCE);
        if (requireNonNull(users) == 0) {
            make();
        }
    }

    private void make() {
        String password = given.isEmpty() ? Secret.random(GENERATED_LETTERS) : given;
        long now = clock.millis();
        User root = new User(
                0, USERNAME, "Root", Role.ROOT, Groups.DEFAULT, true, null, 0, Renewal.NEVER, Limits.NONE, now, now);
        String hash = passwords.hashNow(password);
        boolean made = requireNonNull(database.inTransaction(client -> UserTable.insert(client, root, hash)
                        .flatMap(id -> given.isEmpty() ? UserTable.markGenerated(client, id) : Mono.<Void>empty()))
                .thenReturn(true)
                .onErrorResume(DuplicateKeyException.class, another -> Mono.just(false)) // another node was first
                .block(PATIENCE));
        if (made && given.isEmpty()) {
            directory.write(FILE, password);
            log.info(
                    "First start: sign in as user {} with password {} (printed once; kept in {}).",
                    USERNAME,
                    password,
                    directory.path().resolve(FILE));
        }
    }
}
