package dev.sluice.server;

import dev.sluice.database.Changes;
import dev.sluice.ledger.Ledger;
import java.util.Map;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/**
 * What a load balancer asks: {@code /healthz}, is the process alive; {@code /readyz}, should it get calls. While the
 * database is away the ledger's journal takes over and known tokens go on, so that alone is no reason to send calls
 * elsewhere; a full journal is.
 */
@Configuration(proxyBeanMethods = false)
class Readiness {
    @Bean
    RouterFunction<ServerResponse> probes(ApplicationAvailability availability, Changes changes, Ledger ledger) {
        return RouterFunctions.route()
                .GET("/healthz", request -> ServerResponse.ok().bodyValue(Map.of("status", "ok")))
                .GET("/readyz", request -> ready(availability, changes, ledger))
                .build();
    }

    private static Mono<ServerResponse> ready(ApplicationAvailability availability, Changes changes, Ledger ledger) {
        if (ledger.full()) {
            return ServerResponse.status(503).bodyValue(Map.of("status", "journal full", "database", "away"));
        }
        boolean accepting = availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC;
        String database = changes.databaseReachable() ? "ok" : "away";
        return accepting
                ? ServerResponse.ok().bodyValue(Map.of("status", "ready", "database", database))
                : ServerResponse.status(503).bodyValue(Map.of("status", "draining"));
    }
}
