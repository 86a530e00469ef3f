package dev.sluice.access;

import dev.sluice.wire.Objection;

/** What was asked for contradicts what is there, such as deleting a group that users are in. An answer, no bug. */
public final class Conflict extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Objection objection;

    public Conflict(Objection objection, String message) {
        super(message, null, false, false);
        this.objection = objection;
    }

    public Objection objection() {
        return objection;
    }
}
