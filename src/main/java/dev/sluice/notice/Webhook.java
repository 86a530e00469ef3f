package dev.sluice.notice;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.util.retry.Retry;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Where notices are posted: the operator's address, if there is one. Each is signed in the manner of standardwebhooks.com,
 * tried a few times and then given up; nobody who has something to tell waits for it.
 */
@Component
final class Webhook implements DisposableBean {
    private static final Logger log = LoggerFactory.getLogger(Webhook.class);
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
            .build();

    /** Far more than happens while a receiver restarts; beyond it notices are in the log alone. */
    private static final int MOST_WAITING = 1_000;

    /** At once. A receiver that hangs keeps so many from going out, not all. */
    private static final int ABREAST = 4;

    /** After the first: some half a minute in all, for a receiver to come back. */
    private static final int MORE_TRIES = 5;

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int CONNECT_MILLIS = 5_000;
    private static final int SHORTEST_SECRET = 16;
    private static final String ENCODED = "whsec_";

    private final @Nullable URI address;
    private final byte[] secret;
    private final Clock clock;
    private final ConnectionProvider connections = ConnectionProvider.builder("webhook")
            .maxConnections(ABREAST)
            .maxIdleTime(Duration.ofSeconds(30))
            .build();
    private final HttpClient http;
    private final Sinks.Many<Notice> waiting =
            Sinks.many().unicast().onBackpressureBuffer(new ArrayBlockingQueue<>(MOST_WAITING));
    private final Disposable sending;

    Webhook(
            @Value("${sluice.webhook-url}") String url,
            @Value("${sluice.webhook-secret}") String secret,
            ReactorResourceFactory eventLoops,
            Clock clock) {
        this.address = url.isBlank() ? null : address(url.strip());
        this.secret = address == null ? new byte[0] : secret(secret);
        this.clock = clock;
        this.http = HttpClient.create(connections)
                .runOn(eventLoops.getLoopResources())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
                .responseTimeout(PATIENCE)
                .followRedirect(false);
        this.sending = waiting.asFlux().flatMap(this::deliver, ABREAST).subscribe();
    }

    /** It is never said back: such addresses often hold a credential. */
    private static URI address(String url) {
        try {
            URI address = new URI(url);
            if (address.getHost() != null && String.valueOf(address.getScheme()).matches("https?")) {
                return address;
            }
        } catch (URISyntaxException e) {
            // said below
        }
        throw new IllegalArgumentException("SLUICE_WEBHOOK_URL is no address (expected: such as https://host/path)");
    }

    private static byte[] secret(String text) {
        if (text.length() < SHORTEST_SECRET) {
            throw new IllegalArgumentException("SLUICE_WEBHOOK_SECRET has " + text.length()
                    + " characters (expected: >= " + SHORTEST_SECRET + ", where SLUICE_WEBHOOK_URL is set)");
        }
        if (!text.startsWith(ENCODED)) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        try {
            return Base64.getDecoder().decode(text.substring(ENCODED.length()));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("SLUICE_WEBHOOK_SECRET is no base 64 after " + ENCODED, e);
        }
    }

    void send(Notice notice) {
        if (address == null) {
            return;
        }
        Sinks.EmitResult result;
        synchronized (waiting) {
            result = waiting.tryEmitNext(notice);
        }
        if (result.isFailure()) {
            log.warn("The webhook is behind by {} notices: {} is in the log alone", MOST_WAITING, notice.id());
        }
    }

    private Mono<Void> deliver(Notice notice) {
        byte[] body = JSON.writeValueAsBytes(body(notice));
        return Mono.defer(() -> post(notice, body))
                .retryWhen(Retry.backoff(MORE_TRIES, FIRST_PAUSE).filter(error -> !(error instanceof Refused)))
                .onErrorResume(error -> givenUp(notice, error));
    }

    private static Map<String, Object> body(Notice notice) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("id", notice.id());
        body.put("type", notice.type());
        body.put("timestamp", Instant.ofEpochMilli(notice.at()).toString());
        body.put("message", notice.message());
        body.put("data", notice.data());
        return body;
    }

    /** A receiver that does not want it, now or later. */
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refused(int status) {
            super("it answered " + status, null, false, false);
        }
    }

    private Mono<Void> post(Notice notice, byte[] body) {
        String seconds = Long.toString(clock.millis() / 1000);
        return http.headers(headers -> headers.set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                        .set("webhook-id", notice.id())
                        .set("webhook-timestamp", seconds)
                        .set("webhook-signature", signature(notice.id(), seconds, body)))
                .post()
                .uri(String.valueOf(address))
                .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(body)))
                .response()
                .flatMap(answer -> judged(answer.status().code()));
    }

    private static Mono<Void> judged(int status) {
        if (status / 100 == 2) {
            return Mono.empty();
        }
        boolean later = status / 100 == 5 || status == 429 || status == 408;
        return Mono.error(later ? new IllegalStateException("it answered " + status) : new Refused(status));
    }

    private String signature(String id, String seconds, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            mac.update((id + "." + seconds + ".").getBytes(StandardCharsets.UTF_8));
            return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JRE has HmacSHA256", e);
        }
    }

    private static Mono<Void> givenUp(Notice notice, Throwable error) {
        Throwable cause = error.getCause() == null ? error : error.getCause();
        log.warn("The webhook did not take notice {} ({}): {}", notice.id(), notice.type(), cause.getMessage());
        return Mono.empty();
    }

    @Override
    public void destroy() {
        sending.dispose();
        connections.dispose();
    }
}
