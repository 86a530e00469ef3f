package dev.sluice.audit;

/**
 * One change: who made it, when, from where, and of what. Never with a secret.
 *
 * @param at epoch milliseconds
 * @param username the user's name at the time
 * @param means what the user proved with who it is: {@code session}, {@code access_token} or {@code admin_token}
 * @param action such as {@code create}, {@code update}, {@code delete}
 * @param resource the kind of what was changed, such as {@code channel}
 * @param changes JSON: a list of the fields that changed, with their old and new values
 */
public record AuditEntry(
        long id,
        long at,
        long userId,
        String username,
        String means,
        String clientIp,
        String action,
        String resource,
        String resourceId,
        String changes) {}
