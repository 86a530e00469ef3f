package dev.sluice.access;

/** What a user may do in the console and the admin API; the first may most. */
public enum Role {
    /** Everything. */
    ROOT,
    /** All but settings and other admins. */
    ADMIN,
    /** Own tokens, own usage, redeem. */
    USER;

    public boolean administers() {
        return this != USER;
    }
}
