package dev.sluice.access;

import org.jspecify.annotations.Nullable;

/**
 * Who uses the admin API, and how it proved so.
 *
 * @param mayWrite false: an access token whose scope is {@code read}
 * @param session the hash of its session's id; null: it came with a bearer token
 */
public record Operator(
        User user, boolean mayWrite, @Nullable String session) {

    public Role role() {
        return user.role();
    }

    public boolean owns(long userId) {
        return user.id() == userId;
    }
}
