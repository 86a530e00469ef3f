package dev.sluice.credit;

import org.jspecify.annotations.Nullable;

/**
 * One change of a user's quota by credit. Amounts are nano-dollars.
 *
 * @param quotaNanos the user's quota after it
 * @param byUserId who gave it, or who redeemed the code: the user itself
 * @param redemptionCodeId null: an operator gave it
 * @param createdAt epoch milliseconds
 */
public record Credit(
        long id,
        long userId,
        long amountNanos,
        long quotaNanos,
        String note,
        long byUserId,
        @Nullable Long redemptionCodeId,
        long createdAt) {}
