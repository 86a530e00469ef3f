package dev.sluice.access;

/** What was asked for contradicts what is there, such as deleting a group that users are in. An answer, no bug. */
public final class Conflict extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public Conflict(String message) {
        super(message, null, false, false);
    }
}
