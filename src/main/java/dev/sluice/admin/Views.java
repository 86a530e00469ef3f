package dev.sluice.admin;

import dev.sluice.wire.Glob;
import dev.sluice.wire.Money;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import tools.jackson.core.StreamWriteFeature;

/** How values look in the admin API: dollars as plain numbers, factors as decimals, times in RFC 3339. */
@Configuration(proxyBeanMethods = false)
class Views {
    @Bean
    JsonMapperBuilderCustomizer plainNumbers() {
        return mapper -> mapper.enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN);
    }

    static BigDecimal usd(long nanos) {
        return Money.usd(nanos);
    }

    static @Nullable BigDecimal usdOrNull(@Nullable Long nanos) {
        return nanos == null ? null : Money.usd(nanos);
    }

    static BigDecimal factor(long millionths) {
        BigDecimal factor = BigDecimal.valueOf(millionths, 6).stripTrailingZeros();
        return factor.scale() < 0 ? factor.setScale(0) : factor;
    }

    static Instant time(long millis) {
        return Instant.ofEpochMilli(millis);
    }

    static @Nullable Instant timeOrNull(@Nullable Long millis) {
        return millis == null ? null : Instant.ofEpochMilli(millis);
    }

    static List<String> patterns(Collection<Glob> globs) {
        return globs.stream().map(Glob::pattern).toList();
    }
}
