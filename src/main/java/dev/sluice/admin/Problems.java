package dev.sluice.admin;

import dev.sluice.access.Conflict;
import dev.sluice.access.WrongProof;
import dev.sluice.vendor.Failure;
import dev.sluice.wire.Objection;
import dev.sluice.wire.Refusal;
import java.net.URI;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.transaction.TransactionException;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Turns whatever goes wrong in the admin API into {@code application/problem+json} (RFC 9457). What is a bug is logged and told as 500, without its trace. */
@RestControllerAdvice
final class Problems {
    private static final Logger log = LoggerFactory.getLogger(Problems.class);

    /** A request for something that is not there, or is not the asker's to see. */
    static final class NotFound extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final Objection objection;

        NotFound(String what) {
            this(Objection.NOT_FOUND, what);
        }

        NotFound(Objection objection, String what) {
            super(what, null, false, false);
            this.objection = objection;
        }
    }

    /** The OpenID provider does not answer the gateway. */
    static final class ProviderAway extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ProviderAway() {
            super("The OpenID provider does not answer.", null, false, false);
        }
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> answer(Throwable error) {
        return switch (error) {
            case Invalid invalid -> invalid(invalid);
            case NotFound missing -> problem(HttpStatus.NOT_FOUND, missing.objection, missing.getMessage());
            case ProviderAway away -> problem(HttpStatus.BAD_GATEWAY, Objection.PROVIDER_AWAY, away.getMessage());
            case WrongProof wrong ->
                invalid(Invalid.field(
                        wrong.field(),
                        wrong.field().equals("password") ? Rule.YOUR_PASSWORD : Rule.YOUR_CODE,
                        String.valueOf(wrong.getMessage())));
            case Conflict conflict -> problem(HttpStatus.CONFLICT, conflict.objection(), conflict.getMessage());
            case DuplicateKeyException duplicate ->
                problem(HttpStatus.CONFLICT, Objection.EXISTS, "There is one like it already.");
            case AccessDeniedException denied ->
                problem(
                        HttpStatus.FORBIDDEN,
                        Forbidden.objection(denied),
                        denied.getMessage() == null ? "You may not do this." : denied.getMessage());
            case Refusal refusal -> refused(refusal);
            case Failure failure ->
                problem(HttpStatus.BAD_GATEWAY, Objection.VENDOR_FAILED, "The vendor says: " + failure.getMessage());
            case DataBufferLimitException large ->
                problem(HttpStatus.CONTENT_TOO_LARGE, Objection.TOO_LARGE, "The body is larger than 1 MB.");
            case DataAccessResourceFailureException away -> away(away);
            case TransientDataAccessException away -> away(away);
            case TransactionException away -> away(away);
            case RejectedExecutionException busy -> busy();
            case java.util.concurrent.TimeoutException away -> away(away);
            case ErrorResponse known -> known(known);
            default -> bug(error);
        };
    }

    static ResponseEntity<ProblemDetail> problem(HttpStatusCode status, Objection objection, @Nullable String detail) {
        ProblemDetail problem = ProblemDetail.forStatusAndDetail(status, String.valueOf(detail));
        problem.setType(URI.create("about:blank"));
        problem.setProperty("code", objection.label);
        return ResponseEntity.status(status)
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .body(problem);
    }

    private static ResponseEntity<ProblemDetail> invalid(Invalid invalid) {
        ResponseEntity<ProblemDetail> answer =
                problem(HttpStatus.BAD_REQUEST, invalid.objection(), invalid.getMessage());
        ProblemDetail problem = answer.getBody();
        if (problem != null && !invalid.faults().isEmpty()) {
            problem.setProperty("errors", invalid.faults());
        }
        return answer;
    }

    private static ResponseEntity<ProblemDetail> refused(Refusal refusal) {
        ResponseEntity<ProblemDetail> answer =
                problem(HttpStatusCode.valueOf(refusal.reason().status), objection(refusal), refusal.getMessage());
        return refusal.retryAfter() == null
                ? answer
                : withHeader(
                        answer,
                        "Retry-After",
                        Long.toString(Math.max(1, refusal.retryAfter().toSeconds())));
    }

    private static Objection objection(Refusal refusal) {
        return refusal.reason() == Refusal.Reason.RATE_LIMIT_EXCEEDED ? Objection.TOO_MANY : Objection.UNAVAILABLE;
    }

    private static ResponseEntity<ProblemDetail> away(Throwable error) {
        log.warn("The admin API could not use the database: {}", error.toString());
        return withHeader(
                problem(
                        HttpStatus.SERVICE_UNAVAILABLE,
                        Objection.DATABASE_AWAY,
                        "The database does not answer just now."),
                "Retry-After",
                "5");
    }

    /** More sign-ins wait than are worth waiting for. */
    private static ResponseEntity<ProblemDetail> busy() {
        return withHeader(
                problem(
                        HttpStatus.SERVICE_UNAVAILABLE,
                        Objection.BUSY,
                        "Too much is going on just now. Try again soon."),
                "Retry-After",
                "5");
    }

    private static ResponseEntity<ProblemDetail> known(ErrorResponse known) {
        HttpStatusCode status = known.getStatusCode();
        if (known instanceof Throwable thrown && thrown.getCause() instanceof DataBufferLimitException) {
            return problem(HttpStatus.CONTENT_TOO_LARGE, Objection.TOO_LARGE, "The body is larger than 1 MB.");
        }
        if (status.is5xxServerError() && known instanceof Throwable thrown) {
            return bug(thrown);
        }
        String detail = switch (status.value()) {
            case 400 -> "The request cannot be read (expected: a JSON object as its body).";
            case 404 -> "There is nothing at this path.";
            case 405 -> "This method is not served at this path.";
            case 415 -> "The body's media type is not one that is read here (expected: application/json).";
            case 406 -> "None of the media types in Accept is made here.";
            default -> String.valueOf(known.getBody().getDetail());
        };
        Objection objection = switch (status.value()) {
            case 404 -> Objection.NOT_FOUND;
            case 405 -> Objection.WRONG_METHOD;
            case 406 -> Objection.WRONG_ACCEPT;
            case 415 -> Objection.WRONG_MEDIA_TYPE;
            default -> Objection.NOT_JSON;
        };
        ResponseEntity<ProblemDetail> answer = problem(status, objection, detail);
        HttpHeaders headers = new HttpHeaders();
        headers.putAll(known.getHeaders());
        headers.setContentType(MediaType.APPLICATION_PROBLEM_JSON);
        return new ResponseEntity<>(answer.getBody(), headers, status);
    }

    private static ResponseEntity<ProblemDetail> withHeader(
            ResponseEntity<ProblemDetail> answer, String name, String value) {
        HttpHeaders headers = new HttpHeaders();
        headers.putAll(answer.getHeaders());
        headers.set(name, value);
        return new ResponseEntity<>(answer.getBody(), headers, answer.getStatusCode());
    }

    private static ResponseEntity<ProblemDetail> bug(Throwable error) {
        log.error("The admin API met a bug", error);
        return problem(
                HttpStatus.INTERNAL_SERVER_ERROR,
                Objection.BUG,
                "Something went wrong in the gateway; its log says what.");
    }
}
