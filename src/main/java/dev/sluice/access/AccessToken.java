package dev.sluice.access;

import org.jspecify.annotations.Nullable;

/**
 * A credential of the admin API, without its secret. Times are epoch milliseconds.
 *
 * @param mayWrite its scope: {@code write}, or only {@code read}
 * @param expiresAt null: never
 */
public record AccessToken(
        long id,
        String name,
        String hint,
        long userId,
        boolean mayWrite,
        @Nullable Long expiresAt,
        @Nullable Long lastUsedAt,
        long createdAt) {}
