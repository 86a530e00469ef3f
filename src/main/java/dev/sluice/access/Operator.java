package dev.sluice.access;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Who uses the admin API, how it proved so, and where it is.
 *
 * @param mayWrite false: an access token whose scope is {@code read}
 * @param session the hash of its session's id; null: it came with a bearer token
 * @param address its own, also behind a trusted proxy
 */
public record Operator(
        User user, Means means, boolean mayWrite, @Nullable String session, InetAddress address) {

    /** What it proved with who it is. */
    public enum Means {
        SESSION,
        ACCESS_TOKEN,
        /** {@code SLUICE_ADMIN_TOKEN}. */
        ADMIN_TOKEN
    }

    static Operator of(User user, Means means, boolean mayWrite, @Nullable String session) {
        return new Operator(user, means, mayWrite, session, InetAddress.getLoopbackAddress());
    }

    public Operator at(InetAddress where) {
        return new Operator(user, means, mayWrite, session, where);
    }

    public Role role() {
        return user.role();
    }

    public boolean owns(long userId) {
        return user.id() == userId;
    }
}
