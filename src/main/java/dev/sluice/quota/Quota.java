package dev.sluice.quota;

import dev.sluice.access.Caller;
import dev.sluice.database.DataDirectory;
import dev.sluice.database.Database;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Whether a call may start: reserves an estimate from the token and from its user, both or neither. In steady state
 * that is a subtraction in memory, out of a slice of the quota that this node leased; only when a slice runs out is
 * the database asked for the next. As the quota nears its end the slices shrink to single calls, so no number of
 * parallel calls or nodes spends more than there is. Accounts without a quota take no lease.
 */
@Component
public final class Quota implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(Quota.class);

    /** A slice that nobody used for so long is better free for other nodes. */
    private static final Duration IDLE = Duration.ofSeconds(60);

    /** Beyond this a call is refused rather than kept waiting: the account's users all wait for the same answer. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Database database;
    private final Clock clock;
    private final LeaseTable table;
    private final Presence presence;
    private final String node;
    private final Map<Account.Name, Account> accounts = new ConcurrentHashMap<>();
    private final Duration heartbeat;
    private volatile long epoch;
    private volatile Disposable sweeping = () -> {};
    private volatile Disposable saying = () -> {};
    private volatile boolean running;

    /** @param leaseValid how long a node that cannot reach the database may go on spending what it has leased */
    Quota(
            Database database,
            DataDirectory directory,
            Clock clock,
            @Value("${sluice.lease-valid}") Duration leaseValid) {
        this.database = database;
        this.clock = clock;
        this.node = directory.node();
        this.table = new LeaseTable(node);
        this.presence = new Presence(database, node, leaseValid);
        this.heartbeat = leaseValid.dividedBy(60);
        this.epoch = clock.millis();
    }

    /**
     * A hold on the amount when the leases cover it, without waiting; null when {@link #lease} must ask the database.
     *
     * @param nanos the estimated cost
     */
    public @Nullable Hold reserve(Caller caller, long nanos) {
        Account token = token(caller);
        Account user = user(caller);
        boolean unchanged = (token == null || token.agreed(caller.token().quotaNanos()))
                && (user == null || user.agreed(caller.user().quotaNanos()));
        boolean nothingToTake = token == null && user == null;
        return unchanged && (nothingToTake || presence.valid()) ? take(token, user, nanos) : null;
    }

    /** A hold on the amount after more was leased; or a {@link Refusal} when the quota does not cover it. */
    public Mono<Hold> lease(Caller caller, long nanos) {
        Account token = token(caller);
        Account user = user(caller);
        Mono<Void> known = presence.valid() ? Mono.empty() : Mono.error(new IllegalStateException("out of touch"));
        return known.then(settled(token, caller.token().quotaNanos()))
                .then(settled(user, caller.user().quotaNanos()))
                .then(Mono.defer(() -> leaseAndTake(token, user, nanos)))
                .onErrorMap(error -> !(error instanceof Refusal), Quota::unavailable);
    }

    private @Nullable Account token(Caller caller) {
        return account(Account.Kind.TOKEN, caller.token().id(), caller.token().quotaNanos());
    }

    private @Nullable Account user(Caller caller) {
        return account(Account.Kind.USER, caller.user().id(), caller.user().quotaNanos());
    }

    /** A lease taken under another quota goes back first, so that the new one counts from this call on. */
    private Mono<Void> settled(@Nullable Account account, @Nullable Long quota) {
        return account == null || account.agreed(quota)
                ? Mono.empty()
                : giveBack(account).doOnSuccess(done -> account.agree(quota));
    }

    private @Nullable Account account(Account.Kind kind, long id, @Nullable Long quota) {
        return quota == null
                ? null
                : accounts.computeIfAbsent(new Account.Name(kind, id), name -> new Account(name, quota, epoch));
    }

    private @Nullable Hold take(@Nullable Account token, @Nullable Account user, long nanos) {
        long now = clock.millis();
        long tokenEpoch = token == null ? 0 : token.take(nanos, now);
        if (token != null && tokenEpoch == 0) {
            return null;
        }
        long userEpoch = user == null ? 0 : user.take(nanos, now);
        if (user != null && userEpoch == 0) {
            if (token != null) {
                token.giveBack(nanos, tokenEpoch);
            }
            return null;
        }
        return new Hold(token, tokenEpoch, user, userEpoch, nanos);
    }

    /** Each round either holds, or leases more, or finds that there is no more: it ends. */
    private Mono<Hold> leaseAndTake(@Nullable Account token, @Nullable Account user, long nanos) {
        Hold hold;
        try {
            hold = take(token, user, nanos);
        } catch (VirtualMachineError error) {
            // Reactor would let it fly past whoever waits, on a thread that nobody watches.
            return Mono.error(new IllegalStateException("no memory for a call", error));
        }
        if (hold != null) {
            return Mono.just(hold);
        }
        return lease(token, nanos, "token")
                .then(lease(user, nanos, "user"))
                .then(Mono.defer(() -> leaseAndTake(token, user, nanos)));
    }

    private Mono<Long> lease(@Nullable Account account, long nanos, String whose) {
        if (account == null || account.missing(nanos) <= 0) {
            return Mono.empty();
        }
        Mono<Long> mine = Mono.defer(() -> {
            long missing = account.missing(nanos);
            long now = epoch;
            return missing <= 0
                    ? Mono.just(0L)
                    : database.inTransaction(client -> table.take(client, account.name(), now, missing, clock.millis()))
                            .timeout(PATIENCE)
                            .doOnNext(amount -> account.leased(amount, now));
        });
        return account.leasing(mine).switchIfEmpty(Mono.error(() -> insufficient(whose)));
    }

    private static Refusal insufficient(String whose) {
        return new Refusal(
                Reason.INSUFFICIENT_QUOTA,
                "The quota of this " + whose
                        + " does not cover the call. Ask the operator for more, or lower max_tokens.");
    }

    private static Refusal unavailable(Throwable error) {
        log.warn("A quota could not be leased: {}", error.toString());
        return new Refusal(
                Reason.UNAVAILABLE, "The gateway cannot check the quota just now.", null, Duration.ofSeconds(2));
    }

    /** What is free goes back to the database; what is held stays. */
    private Mono<Void> giveBack(@Nullable Account account) {
        if (account == null) {
            return Mono.empty();
        }
        return Mono.defer(() -> {
            long left = account.drain();
            if (left == 0) {
                return Mono.empty();
            }
            long now = epoch;
            return database.inTransaction(client ->
                            table.giveBack(client, account.name(), now, left).thenReturn(true))
                    .doOnError(error -> account.leased(left, now))
                    .then();
        });
    }

    private Mono<Void> sweep() {
        long since = clock.millis() - IDLE.toMillis();
        return Flux.fromIterable(accounts.values())
                .filter(account -> account.idle(since))
                .concatMap(this::giveBack)
                .then()
                .onErrorResume(error -> Mono.empty()); // the next sweep tries again
    }

    /** What was leased is lost, and with it what is held: those calls go on, and are booked as used. */
    private void lost() {
        long next = Math.max(epoch + 1, clock.millis());
        epoch = next;
        accounts.values().forEach(account -> account.lost(next));
    }

    private Mono<Boolean> sayWord() {
        return presence.say(clock.millis()).doOnNext(given -> {
            if (given) {
                lost();
            }
        });
    }

    @Override
    public void start() {
        // What a run before this one left behind, after the ledger has booked what that run had spent of it.
        database.inTransaction(client -> LeaseTable.end(client, node).thenReturn(true))
                .then(sayWord())
                .block(Duration.ofSeconds(30));
        sweeping = Flux.interval(IDLE)
                .onBackpressureDrop()
                .concatMap(tick -> sweep(), 1)
                .subscribe();
        saying = Flux.interval(heartbeat)
                .onBackpressureDrop()
                .concatMap(tick -> sayWord().timeout(PATIENCE).onErrorComplete(), 1)
                .subscribe();
        running = true;
    }

    @Override
    public void stop() {
        running = false;
        sweeping.dispose();
        saying.dispose();
        Flux.fromIterable(accounts.values())
                .concatMap(this::giveBack)
                .then(presence.leave())
                .onErrorComplete()
                .block(Duration.ofSeconds(10));
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Starts after the ledger, and stops before it: its last holds are settled by then. */
    @Override
    public int getPhase() {
        return 20;
    }
}
