package dev.sluice.access;

import dev.sluice.wire.Limits;
import org.jspecify.annotations.Nullable;

/**
 * Someone who signs in, owns tokens and pays. Times are epoch milliseconds.
 *
 * @param quotaNanos what all of the user's tokens may spend together, in nano-dollars; null: unlimited
 * @param usedNanos what the ledger had booked when this was read; it does not move with the snapshot
 * @param limits of all the user's tokens together
 * @param renewal how the quota begins anew
 */
public record User(
        long id,
        String username,
        String displayName,
        Role role,
        String group,
        boolean enabled,
        @Nullable Long quotaNanos,
        long usedNanos,
        Renewal renewal,
        Limits limits,
        long createdAt,
        long updatedAt) {}
