package dev.sluice.admin;

import dev.sluice.ledger.Ledger;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * What a call cost is there for whoever asks after it: a reader of the admin API waits, for a second at most, until the
 * ledger has booked what this node had finished before.
 */
@Component
@Order(0) // behind the security filters: nobody makes the ledger hurry without a credential
final class FreshBooks implements WebFilter {
    private final Ledger ledger;

    FreshBooks(Ledger ledger) {
        this.ledger = ledger;
    }

    @Override
    public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
        boolean reads = exchange.getRequest().getMethod().equals(HttpMethod.GET)
                && exchange.getRequest().getPath().value().startsWith("/api/");
        return reads ? ledger.caughtUp().then(chain.filter(exchange)) : chain.filter(exchange);
    }
}
