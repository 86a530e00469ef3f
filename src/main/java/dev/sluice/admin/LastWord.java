package dev.sluice.admin;

import dev.sluice.wire.Objection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.security.web.server.firewall.ServerExchangeRejectedException;
import org.springframework.security.web.server.firewall.ServerExchangeRejectedHandler;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;
import reactor.core.publisher.Mono;

/** Answers, in the same form, for what fails before a controller is reached: finding out who asks, and paths that are refused. */
@Component
@Order(-2) // before Boot's own page
final class LastWord implements WebExceptionHandler, ServerExchangeRejectedHandler {
    private final Problems problems;

    LastWord(Problems problems) {
        this.problems = problems;
    }

    @Override
    public Mono<Void> handle(ServerWebExchange exchange, Throwable error) {
        return exchange.getResponse().isCommitted()
                ? Mono.error(error)
                : write(exchange.getResponse(), problems.answer(error));
    }

    @Override
    public Mono<Void> handle(ServerWebExchange exchange, ServerExchangeRejectedException rejected) {
        return write(
                exchange.getResponse(),
                Problems.problem(
                        HttpStatus.BAD_REQUEST,
                        Objection.WRONG_ADDRESS,
                        "The address holds what is not taken, such as // or %2e."));
    }

    private static Mono<Void> write(ServerHttpResponse response, ResponseEntity<ProblemDetail> answer) {
        response.setStatusCode(answer.getStatusCode());
        HttpHeaders headers = response.getHeaders();
        headers.putAll(answer.getHeaders());
        ProblemDetail problem = answer.getBody();
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("type", "about:blank");
        said.put("title", problem == null ? "" : String.valueOf(problem.getTitle()));
        said.put("status", answer.getStatusCode().value());
        said.put("detail", problem == null ? "" : String.valueOf(problem.getDetail()));
        if (problem != null && problem.getProperties() != null) {
            said.putAll(problem.getProperties());
        }
        byte[] json = Fields.JSON.writeValueAsBytes(said);
        return response.writeWith(Mono.just(response.bufferFactory().wrap(json)));
    }
}
