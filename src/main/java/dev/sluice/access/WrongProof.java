package dev.sluice.access;

/** A password or a code that does not prove what it should, where somebody signed in gave it once more. An answer, no bug. */
public final class WrongProof extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String field;

    WrongProof(String field, String message) {
        super(message, null, false, false);
        this.field = field;
    }

    /** {@code password} or {@code code}. */
    public String field() {
        return field;
    }
}
