package dev.sluice.access;

import dev.sluice.database.Changes;
import dev.sluice.database.Database;
import dev.sluice.database.Where;
import dev.sluice.database.Witness;
import dev.sluice.wire.Money;
import dev.sluice.wire.Objection;
import java.time.Clock;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The users there are: from memory for whoever is in a hurry, from the database with their counters, and their changes. */
@Component
public final class Users {
    private static final String TABLE = "users";

    private final Register register;
    private final Database database;
    private final Changes changes;
    private final Clock clock;

    Users(Register register, Database database, Changes changes, Clock clock) {
        this.register = register;
        this.database = database;
        this.changes = changes;
        this.clock = clock;
    }

    /** From memory; its counters stand still. */
    public @Nullable User known(long id) {
        return register.now().users().get(id);
    }

    /** With its counters as they are now. */
    public Mono<User> find(long id) {
        return database.read(client -> UserTable.find(client, id).flux()).next();
    }

    /** Whether its password is still the one that the first start made up. */
    public Mono<Boolean> passwordGenerated(long id) {
        return database.read(client -> UserTable.passwordGenerated(client, id))
                .next()
                .defaultIfEmpty(false);
    }

    /** Newest first. */
    public Flux<User> list(Where where, int limit) {
        return database.read(client -> UserTable.list(client, where, limit));
    }

    /** Makes a user like the draft, whose id is yet to come. */
    public Mono<User> create(User draft, String passwordHash, Witness<User> witness) {
        return changes.write(
                        Register.NAME,
                        client -> UserTable.insert(client, draft, passwordHash)
                                .flatMap(id -> begun(client, id, draft))
                                .flatMap(id -> UserTable.find(client, id))
                                .flatMap(made -> witness.saw(client, null, made).thenReturn(made)))
                .onErrorMap(DuplicateKeyException.class, e -> taken(draft.username()));
    }

    /**
     * Nothing when there is no such user. What the change throws is passed on, and nothing is changed.
     *
     * @param passwordHash null: the password stays; else the user's sessions end, but for the one that asks
     * @param session hash of the session that asks; null: another means
     */
    public Mono<User> change(
            long id,
            UnaryOperator<User> change,
            @Nullable String passwordHash,
            @Nullable String session,
            Witness<User> witness) {
        return changes.write(
                Register.NAME,
                client -> UserTable.find(client, id).flatMap(before -> {
                    User after = change.apply(before);
                    return rootStays(client, before, after)
                            .then(update(client, before, after, passwordHash)
                                    .onErrorMap(DuplicateKeyException.class, e -> taken(after.username())))
                            .then(passwordHash == null ? Mono.empty() : SessionTable.deleteOf(client, id, session))
                            .then(changed(client, before, witness));
                }));
    }

    private static Mono<Long> begun(DatabaseClient client, long id, User user) {
        return user.renewal().renews()
                ? RenewalTable.begin(client, TABLE, id, user.renewal(), user.updatedAt())
                        .thenReturn(id)
                : Mono.just(id);
    }

    private static Mono<Long> update(DatabaseClient client, User before, User after, @Nullable String passwordHash) {
        boolean same = after.renewal().alike(before.renewal());
        boolean finiteNow = before.quotaNanos() == null
                && after.quotaNanos() != null
                && after.renewal().renews();
        Mono<Long> updated = UserTable.update(client, after, passwordHash);
        return same && !finiteNow
                ? updated
                : updated.then(RenewalTable.begin(client, TABLE, after.id(), after.renewal(), after.updatedAt()));
    }

    private static Mono<User> changed(DatabaseClient client, User before, Witness<User> witness) {
        return UserTable.find(client, before.id())
                .flatMap(after -> witness.saw(client, before, after).thenReturn(after));
    }

    /**
     * Raises a finite quota, or lowers it, but never below zero. Nothing when there is no such user.
     *
     * @param amount finds in the same transaction how much, in nano-dollars; nothing, and nothing happens
     */
    public Mono<User> credit(long id, Function<DatabaseClient, Mono<Long>> amount, Witness<User> witness) {
        return changes.write(
                Register.NAME,
                client -> UserTable.find(client, id).flatMap(before -> {
                    finite(before);
                    return amount.apply(client)
                            .doOnNext(nanos -> countable(before, nanos))
                            .flatMap(nanos -> UserTable.addToQuota(client, id, nanos, clock.millis()))
                            .flatMap(rows -> changed(client, before, witness));
                }));
    }

    private static void finite(User user) {
        if (user.quotaNanos() == null) {
            throw new Conflict(
                    Objection.QUOTA_UNLIMITED,
                    "User '" + user.username() + "' has no quota to raise: it is unlimited.");
        }
        if (user.renewal().renews()) {
            throw new Conflict(
                    Objection.QUOTA_RENEWS,
                    "The quota of user '" + user.username() + "' renews each "
                            + user.renewal().period().label()
                            + ": a credit would count anew each time. Change quota_usd.");
        }
    }

    private static void countable(User user, long nanos) {
        Long quota = user.quotaNanos();
        if (quota != null && nanos > 0 && quota > Long.MAX_VALUE - nanos) {
            throw new Conflict(
                    Objection.QUOTA_TOO_LARGE, "The quota would become more than can be counted. Credit less.");
        }
        if (quota != null && quota + nanos < 0) {
            throw new Conflict(
                    Objection.QUOTA_BELOW_ZERO,
                    "The quota would fall below zero: it is " + Money.usd(quota) + " dollars.");
        }
    }

    /** The user goes, and with it all that it signs in and calls with; its calls stay in the ledger. */
    public Mono<Void> delete(long id, Witness<User> witness) {
        return changes.write(
                        Register.NAME,
                        client -> UserTable.find(client, id)
                                .flatMap(user -> rootStays(client, user, null).then(witness.saw(client, user, null)))
                                .then(TokenTable.deleteOf(client, id))
                                .then(AccessTokenTable.deleteOf(client, id))
                                .then(SessionTable.deleteOf(client, id, null))
                                .then(SecondFactorTable.deleteOf(client, id))
                                .then(IdentityTable.deleteOf(client, id))
                                .then(UserTable.delete(client, id)))
                .then();
    }

    /** Someone must be left who can do everything. */
    private static Mono<Void> rootStays(DatabaseClient client, User before, @Nullable User after) {
        boolean was = before.role() == Role.ROOT && before.enabled();
        boolean stays = after != null && after.role() == Role.ROOT && after.enabled();
        if (!was || stays) {
            return Mono.empty();
        }
        return UserTable.otherRoots(client, before.id())
                .filter(others -> others > 0)
                .switchIfEmpty(Mono.error(() -> new Conflict(
                        Objection.LAST_ROOT,
                        "User '" + before.username() + "' is the last enabled root. Make another root first.")))
                .then();
    }

    private static Conflict taken(String username) {
        return new Conflict(
                Objection.USERNAME_TAKEN, "There is a user named '" + username + "' already. Choose another username.");
    }
}
