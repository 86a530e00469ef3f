package dev.sluice.access;

import org.jspecify.annotations.Nullable;

/**
 * Who is calling: the token, its owner and the owner's group, as they were when the call came in.
 *
 * @param pinnedChannel the channel that an admin's {@code sk-…-<id>} insists on
 */
public record Caller(
        Token token, User user, Group group, @Nullable Long pinnedChannel) {}
