package dev.sluice.limit;

import dev.sluice.redis.Redis;
import dev.sluice.wire.Limits;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.distributed.AsyncBucketProxy;
import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.distributed.proxy.AsyncProxyManager;
import io.github.bucket4j.distributed.proxy.optimization.Optimizations;
import io.github.bucket4j.redis.lettuce.Bucket4jLettuce;
import io.lettuce.core.api.StatefulRedisConnection;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * The limits that all nodes count together, in Redis. A subject's keys are its name and its limit, {@code
 * sluice:token:7:rpm:60}, so that a changed limit begins anew; they go by themselves when a minute's worth is there again.
 */
@Component
public final class SharedLimits implements SmartLifecycle {
    /** How long a call waits for the other nodes' word. */
    public static final Duration PATIENCE = Redis.PATIENCE;

    /** How long a key outlives what it counts, for nodes whose clocks differ a little. */
    private static final Duration LINGER = Duration.ofSeconds(10);

    private final Redis redis;
    private volatile boolean running;
    private volatile @Nullable AsyncProxyManager<String> buckets;

    SharedLimits(Redis redis) {
        this.redis = redis;
    }

    /** Null: Redis is away, or there is none, or nothing that could be counted together. */
    public @Nullable SharedThrottle find(String subject, Limits limits) {
        StatefulRedisConnection<String, byte[]> connection = redis.connection();
        if (connection == null || limits.rpm() == null && limits.tpm() == null) {
            return null;
        }
        AsyncProxyManager<String> known = buckets;
        if (known == null) {
            known = Bucket4jLettuce.casBasedBuilder(connection)
                    .expirationAfterWrite(ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(LINGER))
                    .build()
                    .asAsync();
            buckets = known;
        }
        return new SharedThrottle(
                limits, bucket(known, subject + ":rpm", limits.rpm()), bucket(known, subject + ":tpm", limits.tpm()));
    }

    /** Whether it is worth asking. */
    public boolean answers() {
        return redis.connection() != null;
    }

    /** An answer that did not come. */
    public void failed(Throwable error) {
        redis.failed(error);
    }

    /** Asks once before calls do: the first question loads classes, which takes longer than a call may wait. */
    @Override
    public void start() {
        running = true;
        SharedThrottle first = find("start", new Limits(1, 1, null));
        if (first != null) {
            Mono.fromFuture(first.enter(1))
                    .timeout(Duration.ofSeconds(2))
                    .onErrorComplete()
                    .block();
        }
    }

    @Override
    public void stop() {
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** After Redis was looked for. */
    @Override
    public int getPhase() {
        return 11;
    }

    /** Calls of one moment go in one command: else each would have to see the others' outcome before its own is tried. */
    private static @Nullable AsyncBucketProxy bucket(
            AsyncProxyManager<String> buckets, String name, @Nullable Integer perMinute) {
        return perMinute == null
                ? null
                : buckets.builder()
                        .withOptimization(Optimizations.batching())
                        .build("sluice:" + name + ":" + perMinute, configuration(perMinute));
    }

    private static BucketConfiguration configuration(int perMinute) {
        return BucketConfiguration.builder()
                .addLimit(Throttle.minute(perMinute))
                .build();
    }
}
