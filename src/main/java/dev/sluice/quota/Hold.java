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
    private final long amount;
    private final AtomicBoolean open = new AtomicBoolean(true);

    Hold(@Nullable Account token, @Nullable Account user, long amount) {
        this.token = token;
        this.user = user;
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
            token.giveBack(amount - cost);
        }
        if (user != null) {
            user.giveBack(amount - cost);
        }
        return true;
    }

    /** Whether the token's cost was spent out of a lease, which the ledger then shortens. */
    public boolean leasedFromToken() {
        return token != null;
    }

    /** Likewise the user's. */
    public boolean leasedFromUser() {
        return user != null;
    }
}
