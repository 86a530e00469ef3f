package dev.sluice.access;

import dev.sluice.wire.Glob;
import dev.sluice.wire.Limits;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A caller's credential, without its secret: only the SHA-256 of it is kept. Times are epoch milliseconds.
 *
 * @param keyHash lower-case hex SHA-256 of the whole key, {@code sk-} included
 * @param expiresAt null: never
 * @param quotaNanos nano-dollars; null: unlimited
 * @param usedNanos what the ledger had booked when this was read; it does not move with the snapshot
 * @param renewal how the quota begins anew
 * @param models empty: all
 * @param allowedIps empty: all
 * @param cacheTtlSeconds how long answers are kept for its calls; null: as the settings say of the model, 0: not at all
 */
public record Token(
        long id,
        String name,
        String keyHash,
        String keyHint,
        long userId,
        boolean enabled,
        @Nullable Long expiresAt,
        @Nullable Long quotaNanos,
        long usedNanos,
        Renewal renewal,
        List<Glob> models,
        List<Cidr> allowedIps,
        Limits limits,
        @Nullable Integer cacheTtlSeconds,
        @Nullable Long lastUsedAt,
        long createdAt,
        long updatedAt) {

    public Token {
        models = List.copyOf(models);
        allowedIps = List.copyOf(allowedIps);
    }

    /** Whether this token may ask for the model. */
    public boolean allows(String model) {
        if (models.isEmpty()) {
            return true;
        }
        for (Glob glob : models) {
            if (glob.matches(model)) {
                return true;
            }
        }
        return false;
    }
}
