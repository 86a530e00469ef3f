package dev.sluice.admin;

import dev.sluice.wire.Objection;
import org.springframework.security.access.AccessDeniedException;

/** What a role or a credential may not do, and which of the reasons it is. */
final class Forbidden extends AccessDeniedException {
    private static final long serialVersionUID = 1L;

    private final Objection objection;

    Forbidden(Objection objection, String message) {
        super(message);
        this.objection = objection;
    }

    /** Spring refuses some by itself. */
    static Objection objection(AccessDeniedException denied) {
        return denied instanceof Forbidden forbidden ? forbidden.objection : Objection.NOT_ALLOWED;
    }
}
