package dev.sluice.credit;

import dev.sluice.access.Conflict;
import dev.sluice.access.GuessThrottle;
import dev.sluice.access.User;
import dev.sluice.database.Database;
import dev.sluice.database.Where;
import dev.sluice.database.Witness;
import dev.sluice.wire.Objection;
import java.net.InetAddress;
import java.time.Clock;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The codes that users redeem for credit, each once. */
@Component
public final class RedemptionCodes {
    /** A code just made, with the text that is shown this once. */
    public record Made(RedemptionCode code, CodeText text) {}

    private final Credits credits;
    private final Database database;
    private final Clock clock;
    private final GuessThrottle throttle;

    RedemptionCodes(Credits credits, Database database, Clock clock) {
        this.credits = credits;
        this.database = database;
        this.clock = clock;
        this.throttle = new GuessThrottle(clock, "Too many codes that are not good. Try again in a while.");
    }

    /** Makes so many codes like the draft, whose id and text are yet to come: all or none. */
    public Mono<List<Made>> make(RedemptionCode draft, int count, Witness<List<RedemptionCode>> witness) {
        List<CodeText> texts = Stream.generate(CodeText::make).limit(count).toList();
        return database.inTransaction(client -> Flux.fromIterable(texts)
                .concatMap(text -> insert(client, draft, text))
                .collectList()
                .flatMap(made -> witness.saw(
                                client, null, made.stream().map(Made::code).toList())
                        .thenReturn(made)));
    }

    private static Mono<Made> insert(DatabaseClient client, RedemptionCode draft, CodeText text) {
        return CodeTable.insert(client, like(draft, 0, text), text.hash())
                .map(id -> new Made(like(draft, id, text), text));
    }

    private static RedemptionCode like(RedemptionCode draft, long id, CodeText text) {
        return new RedemptionCode(
                id,
                draft.name(),
                text.hint(),
                draft.amountNanos(),
                draft.expiresAt(),
                draft.madeBy(),
                null,
                null,
                draft.createdAt());
    }

    /** Newest first. */
    public Flux<RedemptionCode> list(Where where, int limit) {
        return database.read(client -> CodeTable.list(client, where, limit));
    }

    /**
     * Those in a state.
     *
     * @param now when
     */
    public static Where in(RedemptionCode.State state, Where where, long now) {
        return switch (state) {
            case USED -> where.present("redeemed_by");
            case UNUSED -> where.absent("redeemed_by").absentOrAbove("expires_at", now);
            case EXPIRED -> where.absent("redeemed_by").below("expires_at", now + 1);
        };
    }

    /** Nothing when there is no such code. */
    public Mono<RedemptionCode> delete(long id, Witness<RedemptionCode> witness) {
        return database.inTransaction(client -> one(client, new Where().equal("id", id))
                .flatMap(code -> CodeTable.deleteUnused(client, id)
                        .filter(deleted -> deleted)
                        .switchIfEmpty(Mono.error(() -> new Conflict(
                                Objection.CODE_REDEEMED, "The code has been redeemed: it stays in the books.")))
                        .flatMap(deleted -> witness.saw(client, code, null).thenReturn(code))));
    }

    /**
     * Credits the user what the code is worth; nothing when there is no such code. The code, the credit and the quota
     * move together or not at all.
     *
     * @throws Conflict when the code was used or has expired, or the user's quota is unlimited
     * @throws dev.sluice.wire.Refusal when there were too many failures
     */
    public Mono<Credit> redeem(String text, User user, InetAddress address, Witness<User> witness) {
        throttle.check(user.username(), address);
        String hash = new CodeText(text).hash();
        return credits.add(user.id(), client -> redeem(client, hash, user.id()), user.id(), witness)
                .switchIfEmpty(Mono.defer(() -> {
                    throttle.failed(user.username(), address);
                    return Mono.empty();
                }));
    }

    private Mono<Credits.Given> redeem(DatabaseClient client, String hash, long userId) {
        long now = clock.millis();
        return one(client, new Where().equal("code_hash", hash))
                .flatMap(code -> CodeTable.redeem(client, code.id(), userId, now)
                        .filter(done -> done)
                        .switchIfEmpty(Mono.error(() -> spent(code, now)))
                        .map(done -> new Credits.Given(code.amountNanos(), code.name(), code.id())));
    }

    private static Conflict spent(RedemptionCode code, long now) {
        return code.state(now) == RedemptionCode.State.EXPIRED
                ? new Conflict(Objection.CODE_EXPIRED, "The code has expired.")
                : new Conflict(Objection.CODE_REDEEMED, "The code has been redeemed already.");
    }

    private static Mono<RedemptionCode> one(DatabaseClient client, Where where) {
        return CodeTable.list(client, where, 1).next();
    }
}
