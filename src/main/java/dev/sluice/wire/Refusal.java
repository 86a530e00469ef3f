package dev.sluice.wire;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An answer that is not the one the caller hoped for: what the caller is told, and with which status. It is no bug, so
 * it carries no stack trace. Whatever else is thrown is a bug.
 */
public final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why: fixes the HTTP status and OpenAI's error type and code. */
    public enum Reason {
        INVALID_API_KEY(401, "authentication_error", "invalid_api_key"),
        TOKEN_DISABLED(401, "authentication_error", "token_disabled"),
        TOKEN_EXPIRED(401, "authentication_error", "token_expired"),
        IP_NOT_ALLOWED(403, "permission_error", "ip_not_allowed"),
        MODEL_NOT_ALLOWED(403, "permission_error", "model_not_allowed"),
        CHANNEL_NOT_ALLOWED(403, "permission_error", "channel_not_allowed"),
        INSUFFICIENT_QUOTA(429, "insufficient_quota", "insufficient_quota"),
        RATE_LIMIT_EXCEEDED(429, "rate_limit_error", "rate_limit_exceeded"),
        INVALID_JSON(400, "invalid_request_error", "invalid_json"),
        MISSING_PARAMETER(400, "invalid_request_error", "missing_required_parameter"),
        INVALID_VALUE(400, "invalid_request_error", "invalid_value"),
        UNSUPPORTED_ENCODING(415, "invalid_request_error", "unsupported_content_encoding"),
        REQUEST_TIMEOUT(408, "invalid_request_error", "request_timeout"),
        REQUEST_TOO_LARGE(413, "invalid_request_error", "request_too_large"),
        MODEL_NOT_FOUND(404, "invalid_request_error", "model_not_found"),
        RESPONSE_NOT_FOUND(404, "invalid_request_error", "response_not_found"),
        OBJECT_NOT_FOUND(404, "invalid_request_error", "not_found"),
        TASK_NOT_FOUND(404, "invalid_request_error", "task_not_found"),
        UNKNOWN_URL(404, "invalid_request_error", "unknown_url"),
        METHOD_NOT_ALLOWED(405, "invalid_request_error", "method_not_allowed"),
        MODEL_NOT_PRICED(400, "invalid_request_error", "model_not_priced"),
        NO_AVAILABLE_CHANNEL(503, "server_error", "no_available_channel"),
        UPSTREAM_RATE_LIMITED(429, "rate_limit_error", "upstream_rate_limited"),
        UPSTREAM_ERROR(502, "server_error", "upstream_error"),
        UPSTREAM_TIMEOUT(504, "server_error", "upstream_timeout"),
        UNAVAILABLE(503, "server_error", "unavailable"),
        INTERNAL(500, "server_error", "internal_error");

        public final int status;
        public final String type;
        public final String code;

        Reason(int status, String type, String code) {
            this.status = status;
            this.type = type;
            this.code = code;
        }
    }

    private final Reason reason;
    private final @Nullable String param;
    private final @Nullable Duration retryAfter;
    private final transient Map<String, String> headers;

    public Refusal(Reason reason, String message) {
        this(reason, message, null, null);
    }

    public Refusal(Reason reason, String message, @Nullable String param, @Nullable Duration retryAfter) {
        this(reason, message, param, retryAfter, Map.of());
    }

    public Refusal(
            Reason reason,
            String message,
            @Nullable String param,
            @Nullable Duration retryAfter,
            Map<String, String> headers) {
        super(message, null, false, false);
        this.reason = reason;
        this.param = param;
        this.retryAfter = retryAfter;
        this.headers = Map.copyOf(headers);
    }

    public Reason reason() {
        return reason;
    }

    /** The request's field that is at fault, where there is one. */
    public @Nullable String param() {
        return param;
    }

    /** When it is worth asking again, where that is known. */
    public @Nullable Duration retryAfter() {
        return retryAfter;
    }

    /** What else the answer's head says, such as how much is left of a limit. */
    public Map<String, String> headers() {
        return headers;
    }

    @Override
    public String getMessage() {
        String message = super.getMessage();
        return message == null ? reason.code : message;
    }
}
