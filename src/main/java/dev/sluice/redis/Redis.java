package dev.sluice.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.Delay;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The Redis that this node shares with others, when there is one. Nothing depends on it: whoever asks while it is away
 * is told so at once, and goes on alone. One answer that is late or fails means away, for all; a look each second finds
 * it again. So at most the calls of one moment wait for a Redis that has gone, and none for longer than
 * {@link #PATIENCE}.
 */
@Component
public final class Redis implements SmartLifecycle {
    /** How long a call waits for an answer. Promised are 50 ms; the rest is for what a busy event loop adds. */
    public static final Duration PATIENCE = Duration.ofMillis(40);

    private static final Logger log = LoggerFactory.getLogger(Redis.class);
    /** When a command without a waiting call is given up. A node that is busy starting is no reason to count alone. */
    private static final Duration LATE = Duration.ofMillis(250);

    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.ASCII, ByteArrayCodec.INSTANCE);
    private static final String CHANGES = "sluice:changes";

    /** Commands that wait for an answer, of one connection: a call makes ten at most, so these are some thousand calls. */
    private static final int QUEUE = 20_000;

    private final @Nullable RedisAddress address;
    private final AtomicBoolean answers = new AtomicBoolean();
    private final Sinks.Many<String> heard = Sinks.many().multicast().directBestEffort();
    private volatile @Nullable ClientResources resources;
    private volatile @Nullable RedisClient client;
    private volatile @Nullable StatefulRedisConnection<String, byte[]> connection;
    private volatile Disposable looking = () -> {};
    private volatile boolean missed;
    private volatile String why = "too late";
    private volatile boolean running;

    Redis(@Value("${sluice.redis-url}") String url, MeterRegistry registry) {
        this.address = url.isBlank() ? null : RedisAddress.parse(url);
        if (address != null) {
            Gauge.builder("sluice.limits.shared", answers, state -> state.get() ? 1 : 0)
                    .description("1: Redis answers and all nodes count limits together; 0: this node counts alone")
                    .register(registry);
        }
    }

    /** The connection while Redis answers; null: it is away, or there is none. */
    public @Nullable StatefulRedisConnection<String, byte[]> connection() {
        return answers.get() ? connection : null;
    }

    /** Somebody waited in vain: nobody asks any more until Redis is found again. */
    public void failed(Throwable error) {
        if (answers.compareAndSet(true, false)) {
            missed = true;
            log.warn("Redis does not answer; this node counts its limits alone until it does: {}", reason(error));
        }
    }

    /** Of a chain of errors the innermost, such as the certificate that is not trusted. */
    private static String reason(Throwable error) {
        Throwable cause = error;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause instanceof TimeoutException ? "too late" : cause.toString();
    }

    /** Tells the other nodes that something changed in the database. A word that is lost is no harm: they look anyway. */
    public void tellChange(String name) {
        StatefulRedisConnection<String, byte[]> known = connection();
        if (known != null) {
            known.async().publish(CHANGES, name.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** The names of what changed, as any node tells them, this one among them. */
    public Flux<String> changes() {
        return heard.asFlux();
    }

    /** Empty when it answered, or was found to be away; it never fails. */
    private Mono<Void> look(RedisClient known, RedisURI where) {
        StatefulRedisConnection<String, byte[]> there = connection;
        Mono<?> word = there == null
                ? connect(known, where)
                : Mono.fromFuture(() -> there.async().ping().toCompletableFuture())
                        .timeout(answers.get() ? LATE : PATIENCE);
        return word.doOnSuccess(done -> found()).then().onErrorResume(this::notFound);
    }

    private Mono<Void> connect(RedisClient known, RedisURI where) {
        return Mono.fromFuture(() -> known.connectAsync(CODEC, where).toCompletableFuture())
                .flatMap(made -> listen(known, where)
                        .doOnError(error -> made.closeAsync())
                        .doOnCancel(made::closeAsync)
                        .doOnSuccess(done -> connection = made))
                .timeout(RedisAddress.CONNECT);
    }

    private Mono<Void> listen(RedisClient known, RedisURI where) {
        return Mono.fromFuture(() -> known.connectPubSubAsync(CODEC, where).toCompletableFuture())
                .flatMap(made -> {
                    made.addListener(new RedisPubSubAdapter<>() {
                        @Override
                        public void message(String channel, byte[] name) {
                            heard.tryEmitNext(new String(name, StandardCharsets.US_ASCII));
                        }
                    });
                    return Mono.fromFuture(() -> made.async().subscribe(CHANGES).toCompletableFuture())
                            .doOnError(error -> made.closeAsync())
                            .doOnCancel(made::closeAsync);
                });
    }

    private void found() {
        if (answers.compareAndSet(false, true)) {
            log.atLevel(missed ? Level.WARN : Level.INFO)
                    .log("Redis answers; limits are counted together with the other nodes.");
        }
    }

    private Mono<Void> notFound(Throwable error) {
        why = reason(error);
        failed(error);
        return Mono.empty();
    }

    /** Asks once before calls come, so that the first of them count; a Redis that is away does not stop the start. */
    @Override
    public void start() {
        running = true;
        if (address == null) {
            return;
        }
        RedisURI where = address.uri();
        ClientResources threads = DefaultClientResources.builder()
                .ioThreadPoolSize(2)
                .computationThreadPoolSize(2)
                .reconnectDelay(Delay.constant(LOOK))
                .build();
        RedisClient made = RedisClient.create(threads);
        made.setOptions(ClientOptions.builder()
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .requestQueueSize(QUEUE)
                .maintNotificationsConfig(MaintNotificationsConfig.disabled())
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(RedisAddress.CONNECT)
                        .build())
                // A call that asked has gone on by then; this ends what it left behind.
                .timeoutOptions(TimeoutOptions.enabled(LATE))
                .sslOptions(address.tls())
                .build());
        resources = threads;
        client = made;
        look(made, where).block(RedisAddress.CONNECT.multipliedBy(2));
        if (!answers.get()) {
            missed = true;
            log.warn("Redis does not answer; this node counts its limits alone until it does: {}", why);
        }
        looking = Flux.interval(LOOK)
                .onBackpressureDrop()
                .concatMap(tick -> look(made, where), 1)
                .subscribe();
    }

    @Override
    public void stop() {
        running = false;
        looking.dispose();
        answers.set(false);
        RedisClient known = client;
        ClientResources threads = resources;
        if (known != null && threads != null) {
            Mono.fromFuture(known.shutdownAsync(0, 1, TimeUnit.SECONDS))
                    .onErrorComplete()
                    .block(Duration.ofSeconds(3));
            threads.shutdown(0, 1, TimeUnit.SECONDS);
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Before whoever takes calls or tells changes, and gone after them. */
    @Override
    public int getPhase() {
        return 10;
    }
}
