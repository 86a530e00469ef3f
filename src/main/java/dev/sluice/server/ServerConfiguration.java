package dev.sluice.server;

import java.time.Clock;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What every room may ask for. */
@Configuration(proxyBeanMethods = false)
class ServerConfiguration {
    @Bean
    Clock clock() {
        return Clock.systemUTC();
    }
}
