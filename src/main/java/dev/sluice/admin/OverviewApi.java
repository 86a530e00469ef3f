package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.github.benmanes.caffeine.cache.AsyncLoadingCache;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.access.Operator;
import dev.sluice.channel.Channels;
import dev.sluice.database.Where;
import dev.sluice.ledger.CallTable;
import dev.sluice.ledger.RecentCalls;
import dev.sluice.quota.Prices;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code /api/overview}: how it goes just now, in one answer that may be asked for every few seconds. */
@RestController
@RequestMapping("/api/overview")
@Tag(name = "overview", description = "How it goes just now")
final class OverviewApi {
    private static final int HOURS = 24;
    private static final int MOST = 20;
    private static final long EVERYBODY = 0;
    private static final long DAY = Duration.ofDays(1).toMillis();

    /** Many open consoles read the ledger's rows no more often than one that is. */
    private static final Duration FRESH = Duration.ofSeconds(3);

    /** Whoever looks on gets what there was before, when making it anew takes longer, as it does in a very large ledger. */
    private static final Duration PATIENCE = Duration.ofMillis(100);

    private static final Duration OLDEST = Duration.ofMinutes(1);

    private final CallTable calls;
    private final RecentCalls recent;
    private final Channels channels;
    private final Prices prices;
    private final MeterRegistry meters;
    private final Clock clock;
    private final AsyncLoadingCache<Long, View> views;
    private final Cache<Long, View> before =
            Caffeine.newBuilder().expireAfterWrite(OLDEST).maximumSize(1_000).build();

    OverviewApi(
            CallTable calls, RecentCalls recent, Channels channels, Prices prices, MeterRegistry meters, Clock clock) {
        this.calls = calls;
        this.recent = recent;
        this.channels = channels;
        this.prices = prices;
        this.meters = meters;
        this.clock = clock;
        this.views = Caffeine.newBuilder()
                .expireAfterWrite(FRESH)
                .maximumSize(1_000)
                .buildAsync((user, executor) -> made(user).toFuture());
    }

    /** One hour of calls, or all of them together. */
    @Schema(name = "OverviewSums")
    record SumsView(
            Instant at,
            long calls,
            long errors,
            @JsonProperty("prompt_tokens") long promptTokens,
            @JsonProperty("completion_tokens") long completionTokens,
            @JsonProperty("cost_usd") BigDecimal costUsd,

            @Schema(description = "Half of the streams had their first token in less, milliseconds, right to a fifth")
            @JsonProperty("ttft_p50_ms")
            @Nullable
            Long ttftP50Ms,

            @JsonProperty("ttft_p95_ms") @Nullable Long ttftP95Ms) {

        static SumsView of(long hour, RecentCalls.@Nullable Sums sums) {
            Instant at = Views.time(hour * RecentCalls.HOUR);
            return sums == null
                    ? new SumsView(at, 0, 0, 0, 0, Views.usd(0), null, null)
                    : new SumsView(
                            at,
                            sums.calls(),
                            sums.errors(),
                            sums.promptTokens(),
                            sums.completionTokens(),
                            Views.usd(sums.costNanos()),
                            sums.ttftMs(0.5),
                            sums.ttftMs(0.95));
        }
    }

    /** How it goes just now. */
    @Schema(name = "Overview")
    record View(
            @Schema(description = "The last 24 hours, the present one included")
            SumsView total,

            List<SumsView> hours,

            @Schema(description = "Calls that have not ended, on this node; null: not the asker's to see")
            @JsonProperty("open_calls")
            @Nullable
            Integer openCalls,

            @JsonProperty("open_streams") @Nullable Integer openStreams,

            @Schema(
                    description =
                            "Models that were called since yesterday, that a channel serves, and that have no price")
            @JsonProperty("unpriced_models")
            List<String> unpricedModels) {}

    @GetMapping
    @Operation(summary = "The last 24 hours by the hour, open calls, models without a price; a user sees its own calls")
    Mono<View> overview(@AuthenticationPrincipal Operator operator) {
        boolean admin = operator.role().administers();
        return soon(admin ? EVERYBODY : operator.user().id())
                .flatMap(view -> admin ? forAdmin(operator, view) : Mono.just(view));
    }

    /** The first look after a start reads a day's rows; it is made before somebody waits for it. */
    @EventListener(ApplicationReadyEvent.class)
    void makeTheFirst() {
        var unused = made(EVERYBODY).toFuture();
    }

    private Mono<View> soon(long user) {
        Mono<View> fresh = Mono.fromFuture(() -> views.get(user), true);
        return fresh.timeout(
                PATIENCE, Mono.justOrEmpty(before.getIfPresent(user)).switchIfEmpty(fresh));
    }

    private Mono<View> made(long user) {
        long now = clock.millis() / RecentCalls.HOUR;
        long first = now - HOURS + 1;
        return recent.byHour(first, now, user == EVERYBODY ? null : user)
                .map(hours -> view(first, now, hours))
                .doOnNext(view -> before.put(user, view));
    }

    private static View view(long first, long now, Map<Long, RecentCalls.Sums> hours) {
        List<SumsView> rows = LongStream.rangeClosed(first, now)
                .mapToObj(hour -> SumsView.of(hour, hours.get(hour)))
                .toList();
        return new View(SumsView.of(first, RecentCalls.total(hours.values())), rows, null, null, List.of());
    }

    private Mono<View> forAdmin(Operator operator, View view) {
        return unpriced(operator)
                .map(models -> new View(
                        view.total, view.hours, open("sluice.open.calls"), open("sluice.open.streams"), models));
    }

    private Mono<List<String>> unpriced(Operator operator) {
        String group = operator.user().group();
        Where sinceYesterday = new Where().atLeast("usage_day", (int) (clock.millis() / DAY) - 1);
        return calls.usage(sinceYesterday, List.of("model"))
                .map(sums -> String.valueOf(sums.groups().get("model")))
                .filter(model -> prices.find(model) == null && channels.serves(group, model))
                .take(MOST)
                .collectList();
    }

    /** The relay's own gauges: nobody imports the relay. */
    private @Nullable Integer open(String name) {
        Gauge gauge = meters.find(name).gauge();
        return gauge == null ? null : (int) gauge.value();
    }
}
