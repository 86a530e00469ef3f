package dev.sluice.quota;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What a call has reserved, of its token and of its user: taken together before the call, settled exactly once after
 * it. Amounts are nano-dollars. Thread-safe.
 */
public final class Hold {
    private final @Nullable Account token;
    private final @Nullable Account user;
    private final long tokenEpoch;
    private final long userEpoch;
    private final long amount;
    private final AtomicBoolean open = new AtomicBoolean(true);

    /** @param tokenEpoch of the lease it was taken from; 0 without one */
    Hold(@Nullable Account token, long tokenEpoch, @Nullable Account user, long userEpoch, long amount) {
        this.token = token;
        this.tokenEpoch = tokenEpoch;
        this.user = user;
        this.userEpoch = userEpoch;
        this.amount = amount;
    }

    /**
     * Turns the reservation into the cost; the rest is free again at once. A second call does nothing.
     *
     * @return whether this call settled it
     */
    public boolean settle(long cost) {
        if (!open.compareAndSet(true, false)) {
            return false;
        }
        if (token != null) {
            token.giveBack(amount - cost, tokenEpoch);
        }
        if (user != null) {
            user.giveBack(amount - cost, userEpoch);
        }
        return true;
    }

    /** Of the leases that the cost is spent from, which the ledger shortens; 0: no lease. */
    public long leaseEpoch() {
        return Math.max(tokenEpoch, userEpoch);
    }

    /** Whether the token's cost is spent out of a lease. */
    public boolean leasedFromToken() {
        return tokenEpoch != 0 && tokenEpoch == leaseEpoch();
    }

    /** Likewise the user's. */
    public boolean leasedFromUser() {
        return userEpoch != 0 && userEpoch == leaseEpoch();
    }
}
