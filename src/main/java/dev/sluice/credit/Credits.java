package dev.sluice.credit;

import static java.util.Objects.requireNonNull;

import dev.sluice.access.User;
import dev.sluice.access.Users;
import dev.sluice.database.Database;
import dev.sluice.database.Where;
import dev.sluice.database.Witness;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What users were given: the quota and the row that says why move in one transaction. */
@Component
public final class Credits {
    private final Users users;
    private final Database database;
    private final Clock clock;

    Credits(Users users, Database database, Clock clock) {
        this.users = users;
        this.database = database;
        this.clock = clock;
    }

    /**
     * Credits a user; nothing when there is no such user.
     *
     * @param nanos negative: takes away
     * @throws dev.sluice.access.Conflict when the quota is unlimited, or would leave its bounds
     */
    public Mono<Credit> give(long userId, long nanos, String note, long byUserId, Witness<User> witness) {
        return add(userId, client -> Mono.just(new Given(nanos, note, null)), byUserId, witness);
    }

    /** What a credit is made of. */
    record Given(long nanos, String note, @Nullable Long redemptionCodeId) {}

    Mono<Credit> add(long userId, Function<DatabaseClient, Mono<Given>> given, long byUserId, Witness<User> witness) {
        AtomicReference<Given> found = new AtomicReference<>();
        AtomicReference<Credit> made = new AtomicReference<>();
        Witness<User> row = (client, before, after) -> CreditTable.insert(
                        client, credit(requireNonNull(found.get()), requireNonNull(after), byUserId))
                .doOnNext(made::set)
                .then();
        return users.credit(
                        userId,
                        client -> given.apply(client).doOnNext(found::set).map(Given::nanos),
                        row.and(witness))
                .map(user -> requireNonNull(made.get()));
    }

    private Credit credit(Given given, User after, long byUserId) {
        return new Credit(
                0,
                after.id(),
                given.nanos,
                requireNonNull(after.quotaNanos()),
                given.note,
                byUserId,
                given.redemptionCodeId,
                clock.millis());
    }

    /** Newest first. */
    public Flux<Credit> list(Where where, int limit) {
        return database.read(client -> CreditTable.list(client, where, limit));
    }
}
