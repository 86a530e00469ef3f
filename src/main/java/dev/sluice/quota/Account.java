package dev.sluice.quota;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The part of a token's or a user's finite quota that this node has leased: it may be spent without asking anybody.
 * Amounts are nano-dollars. Thread-safe.
 */
final class Account {
    /** Whose quota. */
    record Name(Kind kind, long id) {}

    enum Kind {
        TOKEN("token", "tokens"),
        USER("user", "users");

        final String label;
        final String table;

        Kind(String label, String table) {
            this.label = label;
            this.table = table;
        }
    }

    private final Name name;
    private long epoch; // of the node's leases: what was leased in an earlier one is lost
    private long free; // leased, and neither held nor spent; below zero when calls cost more than was reserved
    private long quota;
    private long lastUsed;
    private int holds;
    private @Nullable Mono<Long> leasing;

    Account(Name name, long quota, long epoch) {
        this.name = name;
        this.quota = quota;
        this.epoch = epoch;
    }

    Name name() {
        return name;
    }

    /** The epoch of the lease that the amount was taken from; 0: it does not cover it. */
    synchronized long take(long amount, long now) {
        lastUsed = now;
        if (free < amount) {
            return 0;
        }
        free -= amount;
        holds++;
        return epoch;
    }

    /** What a settled hold did not cost; negative when it cost more. */
    synchronized void giveBack(long amount, long taken) {
        holds--;
        if (taken == epoch) {
            free += amount;
        }
    }

    /** The lease was given to others, since this node was not heard of for too long. */
    synchronized void lost(long next) {
        epoch = next;
        free = 0;
    }

    /** What has to be leased so that the amount can be held. */
    synchronized long missing(long amount) {
        return amount - free;
    }

    synchronized void leased(long amount, long taken) {
        if (taken == epoch) {
            free += amount;
        }
    }

    /** Whether the lease was taken under this very quota. */
    synchronized boolean agreed(@Nullable Long now) {
        return now != null && quota == now;
    }

    synchronized void agree(@Nullable Long now) {
        quota = now == null ? quota : now;
    }

    /** Takes all that is free out of the account, so that it can be given back to the database. */
    synchronized long drain() {
        long all = free;
        free = 0;
        return all;
    }

    synchronized boolean idle(long since) {
        return holds == 0 && lastUsed < since;
    }

    /** The lease that is being taken for somebody else just now, or the given one, which then is that for others. */
    synchronized Mono<Long> leasing(Mono<Long> mine) {
        if (leasing == null) {
            // Forgotten before anyone hears of it: whoever still lacks something asks anew, not this one again.
            leasing = mine.doOnTerminate(this::leased).cache();
        }
        return leasing;
    }

    private synchronized void leased() {
        leasing = null;
    }
}
