package dev.sluice.vendor;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An attempt that came to nothing through no fault of the caller's: another channel may be tried as long as nothing
 * was sent to the caller. It is no bug, so it carries no stack trace, and its message names no host and no key.
 */
public final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What went wrong, which decides how the channel or its key is treated. */
    public enum Kind {
        /** No connection, or it broke. */
        NETWORK("network"),
        /** No answer in time: a first byte, or the next one. */
        TIMEOUT("timeout"),
        /** 429. */
        RATE_LIMITED("rate_limited"),
        /** 401, 402, 403: the channel's key is refused, not the caller. */
        KEY_REFUSED("key_refused"),
        /** 408 and 5xx. */
        SERVER_ERROR("server_error"),
        /** An answer that is not the protocol: HTML, half a body, an event stream to a plain call. */
        NOT_THE_PROTOCOL("not_the_protocol");

        /** As metrics and the log name it. */
        public final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    private final Kind kind;
    private final @Nullable Duration retryAfter;

    public Failure(Kind kind, String message) {
        this(kind, message, null);
    }

    public Failure(Kind kind, String message, @Nullable Duration retryAfter) {
        super(message, null, false, false);
        this.kind = kind;
        this.retryAfter = retryAfter;
    }

    /** What a status says of the attempt; null: it is an answer, or the caller's own fault. */
    public static @Nullable Failure of(int status) {
        return switch (status) {
            case 401, 402, 403 -> new Failure(Kind.KEY_REFUSED, "the key is refused");
            case 429 -> new Failure(Kind.RATE_LIMITED, "over its limit");
            case 408 -> new Failure(Kind.SERVER_ERROR, "status 408");
            default -> {
                boolean fine = status >= 200 && status < 300 || status >= 400 && status < 500;
                Kind kind = status >= 500 ? Kind.SERVER_ERROR : Kind.NOT_THE_PROTOCOL;
                yield fine ? null : new Failure(kind, "status " + status);
            }
        };
    }

    public Kind kind() {
        return kind;
    }

    /** What the vendor said of when to come again. */
    public @Nullable Duration retryAfter() {
        return retryAfter;
    }
}
