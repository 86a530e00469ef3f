package dev.sluice.server;

import java.time.Clock;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;
import reactor.netty.resources.LoopResources;

/** What every room may ask for. */
@Configuration(proxyBeanMethods = false)
class ServerConfiguration {
    @Bean
    Clock clock() {
        return Clock.systemUTC();
    }

    /**
     * The event loops of the servers and of all connections to vendors, one for each processor: a call stays on its loop,
     * so more of them only take turns. They are this context's own, and end with it.
     */
    @Bean
    ReactorResourceFactory eventLoops() {
        int workers = Runtime.getRuntime().availableProcessors();
        ReactorResourceFactory resources = new ReactorResourceFactory();
        resources.setUseGlobalResources(false);
        resources.setLoopResourcesSupplier(() -> LoopResources.create("sluice", 1, workers, true, true));
        return resources;
    }
}
