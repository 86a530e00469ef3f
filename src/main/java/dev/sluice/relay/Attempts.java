package dev.sluice.relay;

import dev.sluice.channel.Choice;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Meter;
import dev.sluice.vendor.Reply;
import dev.sluice.vendor.Upstream;
import dev.sluice.wire.Ask;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Signal;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.server.HttpServerResponse;

/**
 * Tries one channel after another until one answers, and passes that answer on. Another is tried only while nothing
 * was sent to the caller: {@link Call#begun} decides.
 */
final class Attempts {
    private static final Logger log = LoggerFactory.getLogger(Attempts.class);

    /** What of the caller's headers a vendor gets; never a credential, a cookie or an address. */
    private static final String[] PASSED = {"openai-beta", "anthropic-beta", "idempotency-key", "accept"};

    private static final int ERROR_BODY_AT_MOST = 1024 * 1024;

    /** For the body of an error whose head is there already. */
    private static final Duration ERROR_PATIENCE = Duration.ofSeconds(5);

    private final IntSupplier mostAttempts;
    private final RelaySettings settings;
    private final RelayMeters meters;
    private final Clock clock;

    /** @param mostAttempts as root sets it now */
    Attempts(IntSupplier mostAttempts, RelaySettings settings, RelayMeters meters, Clock clock) {
        this.mostAttempts = mostAttempts;
        this.settings = settings;
        this.meters = meters;
        this.clock = clock;
    }

    /** Answers the call; errors with a {@link Refusal} when no channel did. */
    Mono<Void> answer(Call call) {
        Choice choice = call.route()
                .choose(
                        call.tried(),
                        call.caller().pinnedChannel(),
                        call.estimatedTokens(settings.defaultOutputTokens()),
                        clock.millis());
        if (choice == null) {
            return Mono.error(call.lastFailure() == null ? noneAvailable(call) : unanswered(call));
        }
        call.attempting(choice);
        return attempt(call, choice, choice.upstream().takesStreamOptions());
    }

    private Mono<Void> attempt(Call call, Choice choice, boolean askForUsage) {
        Ask ask = call.ask();
        Upstream upstream = choice.upstream();
        String model = choice.channel().upstreamModel(ask.model());
        byte[] body = ask.forVendor(model, askForUsage);
        return upstream.post(
                        call.visit().loop(),
                        ask.endpoint(),
                        model,
                        body,
                        passed(call.visit().headers()))
                .flatMap(reply -> taken(call, choice, reply))
                .onErrorResume(Failure.class, failure -> next(call, choice, failure));
    }

    private Mono<Void> taken(Call call, Choice choice, Reply reply) {
        int status = reply.status();
        if (status >= 200 && status < 300) {
            return passOn(call, choice, reply);
        }
        return switch (status) {
            case 401, 402, 403 -> dropped(call, reply, new Failure(Failure.Kind.KEY_REFUSED, "the key is refused"));
            case 429 ->
                dropped(
                        call,
                        reply,
                        new Failure(Failure.Kind.RATE_LIMITED, "over its limit", retryAfter(reply.headers())));
            case 408 -> dropped(call, reply, new Failure(Failure.Kind.SERVER_ERROR, "status 408"));
            default ->
                status >= 400 && status < 500
                        ? refusedByVendor(call, choice, reply)
                        : dropped(
                                call,
                                reply,
                                new Failure(
                                        status >= 500 ? Failure.Kind.SERVER_ERROR : Failure.Kind.NOT_THE_PROTOCOL,
                                        "status " + status));
        };
    }

    /** Reads what is left of a small answer, so that its connection can be used again. */
    private static Mono<Void> dropped(Call call, Reply reply, Failure failure) {
        return RequestBody.upTo(reply.body(), ERROR_BODY_AT_MOST)
                .timeout(
                        ERROR_PATIENCE,
                        Schedulers.fromExecutorService(call.visit().loop()))
                .onErrorResume(error -> Mono.empty())
                .then(Mono.error(failure));
    }

    private Mono<Void> passOn(Call call, Choice choice, Reply reply) {
        boolean stream = call.ask().stream();
        String type = reply.contentType();
        boolean fits = stream ? type.equals("text/event-stream") : type.isEmpty() || type.contains("json");
        if (!fits) {
            reply.abandon();
            return Mono.error(new Failure(Failure.Kind.NOT_THE_PROTOCOL, "content type " + Plain.text(type)));
        }
        Meter meter = choice.upstream().meter();
        call.answeredBy(meter);
        if (stream) {
            EventStream events = new EventStream(call, reply, meter);
            return events.body()
                    .switchOnFirst((first, all) -> sendEvents(call, choice, reply, meter, first, all))
                    .then();
        }
        PlainAnswer answer = new PlainAnswer(call, reply, meter);
        return answer.body()
                .switchOnFirst((first, all) -> sendPlain(call, choice, reply, meter, answer, first, all))
                .then();
    }

    private Flux<Void> sendEvents(
            Call call, Choice choice, Reply reply, Meter meter, Signal<? extends ByteBuf> first, Flux<ByteBuf> all) {
        if (!first.hasValue()) {
            return all.ignoreElements().cast(Void.class).flux();
        }
        begin(call, choice, reply, meter);
        HttpServerResponse response = head(call, reply);
        response.header("content-type", "text/event-stream")
                .header("cache-control", "no-cache")
                .header("x-accel-buffering", "no");
        return Flux.from(response.send(all, piece -> true).then());
    }

    private Flux<Void> sendPlain(
            Call call,
            Choice choice,
            Reply reply,
            Meter meter,
            PlainAnswer answer,
            Signal<? extends ByteBuf> first,
            Flux<ByteBuf> all) {
        ByteBuf piece = first.get();
        if (piece == null) {
            return all.ignoreElements().cast(Void.class).flux();
        }
        begin(call, choice, reply, meter);
        HttpServerResponse response = head(call, reply);
        response.header("content-type", reply.headers().get("content-type", "application/json"));
        if (answer.whole()) {
            // One write for head and body: a single value is what the server sends as one.
            response.header("content-length", Integer.toString(piece.readableBytes()));
            return Flux.from(response.send(all.next()).then());
        }
        return Flux.from(response.send(all, each -> true).then());
    }

    /** From here on the answer is this channel's, whatever becomes of it. */
    private static void begin(Call call, Choice choice, Reply reply, Meter meter) {
        call.begin();
        reply.started();
        choice.answered();
    }

    private static HttpServerResponse head(Call call, Reply reply) {
        HttpServerResponse response = call.visit().response();
        response.status(reply.status());
        String processing = reply.headers().get("openai-processing-ms");
        if (processing != null) {
            response.header("openai-processing-ms", processing);
        }
        return response;
    }

    /** The caller's own request is at fault: it gets the vendor's word for it, and no other channel is asked. */
    private Mono<Void> refusedByVendor(Call call, Choice choice, Reply reply) {
        return RequestBody.upTo(reply.body(), ERROR_BODY_AT_MOST)
                .timeout(
                        ERROR_PATIENCE,
                        Schedulers.fromExecutorService(call.visit().loop()))
                .onErrorMap(error -> new Failure(Failure.Kind.NOT_THE_PROTOCOL, "an error that cannot be read"))
                .flatMap(body -> refusedByVendor(call, choice, reply, body));
    }

    private Mono<Void> refusedByVendor(Call call, Choice choice, Reply reply, byte[] body) {
        boolean ours = call.ask().stream()
                && !call.ask().usageWanted()
                && choice.upstream().takesStreamOptions();
        if (ours && new String(body, StandardCharsets.UTF_8).contains("stream_options")) {
            choice.upstream().refusedStreamOptions();
            return attempt(call, choice, false);
        }
        choice.succeeded();
        meters.attempt(choice.channel().id(), "refused");
        call.failed(reply.status(), "upstream_refused");
        HttpServerResponse response = head(call, reply);
        return response.header("content-type", reply.headers().get("content-type", "application/json"))
                .header("content-length", Integer.toString(body.length))
                .send(Mono.just(Unpooled.wrappedBuffer(body)))
                .then();
    }

    private Mono<Void> next(Call call, Choice choice, Failure failure) {
        if (call.begun()) {
            return Mono.error(failure);
        }
        choice.failed(failure, clock.millis(), call.tried());
        meters.attempt(choice.channel().id(), failure.kind().label);
        call.attemptFailed(failure);
        boolean late = System.nanoTime() - call.visit().startedNanos()
                > settings.deadline().toNanos();
        return late || call.attempts() >= mostAttempts.getAsInt() ? Mono.error(unanswered(call)) : answer(call);
    }

    /** An answer that broke after its first byte: the call fails, the channel is told, and so is the caller. */
    static Refusal broken(Call call, Throwable error) {
        if (Upstream.failure(error) instanceof Failure failure) {
            call.brokenOff(failure, System.currentTimeMillis());
        } else {
            log.error("Call {} met a bug", call.visit().id(), error);
            call.failed(200, Reason.INTERNAL.code);
        }
        return new Refusal(Reason.UPSTREAM_ERROR, "The answer broke off.");
    }

    private Refusal noneAvailable(Call call) {
        long now = clock.millis();
        long wait = Math.max(1_000, call.route().retryAt(now) - now);
        return new Refusal(
                Reason.NO_AVAILABLE_CHANNEL,
                "No channel can take a call for this model just now. Try again a little later.",
                null,
                Duration.ofMillis(wait));
    }

    /** What to say when every channel that was tried failed. */
    private static Refusal unanswered(Call call) {
        Failure limited = call.onlyRateLimited();
        if (limited != null) {
            Duration wait = limited.retryAfter() == null ? Duration.ofSeconds(1) : limited.retryAfter();
            return new Refusal(
                    Reason.UPSTREAM_RATE_LIMITED,
                    "This model is over its limit just now. Try again later.",
                    null,
                    wait);
        }
        Failure last = call.lastFailure();
        if (last != null && last.kind() == Failure.Kind.TIMEOUT) {
            return new Refusal(Reason.UPSTREAM_TIMEOUT, "The model did not answer in time.");
        }
        return new Refusal(Reason.UPSTREAM_ERROR, "The model could not be reached or did not answer properly.");
    }

    private static HttpHeaders passed(HttpHeaders callers) {
        HttpHeaders passed = new DefaultHttpHeaders();
        for (String name : PASSED) {
            String value = callers.get(name);
            if (value != null) {
                passed.add(name, value);
            }
        }
        return passed;
    }

    /** Seconds or an HTTP date (RFC 9110, 10.2.3); OpenAI also sends milliseconds. */
    private @Nullable Duration retryAfter(HttpHeaders headers) {
        try {
            String millis = headers.get("retry-after-ms");
            if (millis != null) {
                return Duration.ofMillis(Math.max(0, (long) Double.parseDouble(millis.strip())));
            }
            String value = headers.get("retry-after");
            if (value == null) {
                return null;
            }
            if (value.strip().matches("[0-9]+(\\.[0-9]+)?")) {
                return Duration.ofMillis((long) (Double.parseDouble(value.strip()) * 1000));
            }
            ZonedDateTime at = ZonedDateTime.parse(value.strip(), DateTimeFormatter.RFC_1123_DATE_TIME);
            Duration wait = Duration.between(clock.instant(), at.toInstant());
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeException | NumberFormatException e) {
            return null; // a vendor's nonsense is no word on when to come again
        }
    }
}
