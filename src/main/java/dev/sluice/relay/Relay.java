package dev.sluice.relay;

import dev.sluice.access.Caller;
import dev.sluice.access.ClientAddress;
import dev.sluice.access.TokenCheck;
import dev.sluice.channel.Channels;
import dev.sluice.channel.Route;
import dev.sluice.format.PromptCount;
import dev.sluice.ledger.Ledger;
import dev.sluice.quota.Hold;
import dev.sluice.quota.Prices;
import dev.sluice.quota.Quota;
import dev.sluice.quota.RateLimits;
import dev.sluice.quota.Tariff;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Reply;
import dev.sluice.vendor.Upstream;
import dev.sluice.wire.Ask;
import dev.sluice.wire.CallId;
import dev.sluice.wire.Endpoint;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import dev.sluice.wire.Usage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.core.scheduler.Schedulers;
import reactor.netty.channel.AbortedException;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * Carries one call from its caller to a vendor and back: who calls, what is asked, may it start, which channel, and the
 * answer. Each step's class is where that question is decided; {@link Call} is where it ends.
 */
@Component
final class Relay {
    private final TokenCheck tokenCheck;
    private final Channels channels;
    private final Prices prices;
    private final Quota quota;
    private final RateLimits rateLimits;
    private final Ledger ledger;
    private final RelayMeters meters;
    private final OpenCalls openCalls;
    private final ClientAddress clientAddress;
    private final RelaySettings settings;
    private final Fallbacks fallbacks;
    private final Attempts attempts;
    private final ResponseCache cache;
    private final ModelList models;
    private final Pins pins;
    private final Clock clock;

    Relay(
            TokenCheck tokenCheck,
            Channels channels,
            Prices prices,
            Quota quota,
            RateLimits rateLimits,
            Ledger ledger,
            RelayMeters meters,
            OpenCalls openCalls,
            ClientAddress clientAddress,
            RelaySettings settings,
            Fallbacks fallbacks,
            Attempts attempts,
            ResponseCache cache,
            Pins pins,
            Clock clock) {
        this.pins = pins;
        this.tokenCheck = tokenCheck;
        this.channels = channels;
        this.prices = prices;
        this.quota = quota;
        this.rateLimits = rateLimits;
        this.ledger = ledger;
        this.meters = meters;
        this.openCalls = openCalls;
        this.clientAddress = clientAddress;
        this.settings = settings;
        this.clock = clock;
        this.fallbacks = fallbacks;
        this.attempts = attempts;
        this.cache = cache;
        this.models = new ModelList(channels);
    }

    Visit visit(HttpServerRequest request, HttpServerResponse response) {
        EventLoop[] loop = new EventLoop[1];
        request.withConnection(connection -> loop[0] = connection.channel().eventLoop());
        if (openCalls.draining()) {
            response.keepAlive(false); // a proxy shall bring the next call elsewhere
        }
        long now = clock.millis();
        return new Visit(
                CallId.next(now),
                now,
                System.nanoTime(),
                request,
                response,
                loop[0],
                clientAddress.of(
                        request.remoteAddress(), () -> request.requestHeaders().getAll("x-forwarded-for")));
    }

    /** The list of models, or one of them. */
    byte[] models(Visit visit, @Nullable String model) {
        Caller caller = identify(visit);
        return switch (visit.format()) {
            case GEMINI -> model == null ? models.allOfGoogle(caller) : models.oneOfGoogle(caller, model);
            default ->
                visit.headers().contains("anthropic-version")
                        ? model == null ? models.allOfAnthropic(caller) : models.oneOfAnthropic(caller, model)
                        : model == null ? models.all(caller) : models.one(caller, model);
        };
    }

    /** What a vendor keeps: a response is asked for, deleted or cancelled at the channel that made it. It costs nothing. */
    Mono<Void> kept(Visit visit, String id, String rest) {
        Caller caller = identify(visit);
        Mono<Void> looked = pins.look(id, caller.user().id());
        return looked == null
                ? kept(visit, caller, id, rest)
                : looked.publishOn(Schedulers.fromExecutor(visit.loop()))
                        .then(Mono.defer(() -> kept(visit, caller, id, rest)));
    }

    private Mono<Void> kept(Visit visit, Caller caller, String id, String rest) {
        Long channel = pins.channel(id, caller.user().id());
        Upstream upstream = channel == null ? null : channels.upstream(channel);
        if (channel == null || upstream == null) {
            throw new Refusal(Reason.RESPONSE_NOT_FOUND, "There is no such response here.");
        }
        HttpMethod method = visit.request().method();
        return upstream.kept(visit.loop(), method, id + rest)
                .onErrorMap(
                        Failure.class,
                        error -> new Refusal(Reason.UPSTREAM_ERROR, "The response could not be reached."))
                .flatMap(reply -> {
                    Mono<Void> answer = passOn(visit, reply);
                    boolean gone = method.equals(HttpMethod.DELETE) && reply.status() == 200;
                    return gone
                            ? pins.forget(id, channel, caller.user().id())
                                    .publishOn(Schedulers.fromExecutor(visit.loop()))
                                    .then(answer)
                            : answer;
                });
    }

    static Mono<Void> passOn(Visit visit, Reply reply) {
        int status = reply.status();
        // A key that is refused is the operator's trouble, and none of the caller's.
        return visit.response()
                .status(status == 401 || status == 403 ? 502 : status)
                .header("content-type", reply.headers().get("content-type", "application/json"))
                .send(reply.body().map(ByteBuf::retain), piece -> true)
                .then();
    }

    /**
     * @param model as the path names it, in forms that do; null: the body does
     * @param stream what the path says of it
     */
    Mono<Void> call(Visit visit, Endpoint endpoint, @Nullable String model, boolean stream) {
        Call call = open(visit, endpoint);
        return body(visit)
                .flatMap(body -> Contained.step(() -> {
                    Ask ask = model == null ? Ask.read(endpoint, body) : Ask.read(endpoint, body, model, stream);
                    Mono<Void> looked = ask.follows() == null
                            ? null
                            : pins.look(ask.follows(), call.caller().user().id());
                    return looked == null
                            ? admit(call, ask, () -> answer(call))
                            : looked.publishOn(Schedulers.fromExecutor(visit.loop()))
                                    .then(Mono.defer(() -> admit(call, ask, () -> answer(call))));
                }))
                .doOnError(error -> failed(call, error))
                .doFinally(signal -> gone(call, signal));
    }

    /** As it was answered before, where that is kept; else by a vendor. */
    private Mono<Void> answer(Call call) {
        ResponseCache.Place place = cache.place(call);
        KeptAnswer kept = place == null ? null : place.find();
        if (place != null && kept != null) {
            return kept.send(call, place.priceFactorMillionths(), clock.millis());
        }
        call.keptAt(place);
        return attempts.answer(call);
    }

    /** A call that is asked in a form: it goes on as soon as its model is known. */
    Mono<Void> form(Visit visit, Endpoint endpoint) {
        Call call = open(visit, endpoint);
        return Mono.using(
                        () -> new Upload(
                                visit.request(),
                                visit.loop(),
                                settings.maxBody().toBytes(),
                                settings.bodyPatience()),
                        upload -> upload.known()
                                .flatMap(known -> Contained.step(() -> {
                                    call.uploads(known);
                                    Ask ask = Ask.form(endpoint, known.model(), known.stream());
                                    return admit(call, ask, () -> attempts.answer(call));
                                })),
                        Upload::close)
                .doOnError(error -> failed(call, error))
                .doFinally(signal -> gone(call, signal));
    }

    Mono<byte[]> body(Visit visit) {
        return RequestBody.read(
                visit.request(), (int) settings.maxBody().toBytes(), visit.loop(), settings.bodyPatience());
    }

    /** A call that may begin. @throws Refusal when nobody may just now, or the caller may not */
    Call open(Visit visit, Endpoint endpoint) {
        Caller caller = identify(visit);
        if (openCalls.draining() || ledger.full()) {
            String why = "The gateway cannot book calls just now.";
            if (openCalls.draining()) {
                openCalls.turnedAway();
                why = "The gateway is going down.";
            }
            throw new Refusal(Reason.UNAVAILABLE, why, null, Duration.ofSeconds(2));
        }
        return new Call(visit, endpoint, caller, ledger, meters, pins);
    }

    Caller identify(Visit visit) {
        String key = Credential.of(visit.headers(), visit.request().uri());
        return tokenCheck.identify(key, visit.address());
    }

    /** @param then once the call may start and its estimate is reserved */
    Mono<Void> admit(Call call, Ask ask, Supplier<Mono<Void>> then) {
        call.asks(ask);
        if (ask.stream()) {
            openCalls.streams(call);
        }
        Caller caller = call.caller();
        Route route = route(call, ask.endpoint());
        if (route == null && ask.endpoint() == Endpoint.COUNT_TOKENS && route(call, Endpoint.MESSAGES) != null) {
            return counted(call);
        }
        if (route != null) {
            call.routed(ask.model(), route, tariff(caller, route, ask.model()));
        } else if (!fallbacks.take(call)) {
            throw new Refusal(
                    Reason.MODEL_NOT_FOUND,
                    "No channel has this model. GET /v1/models lists those there are.",
                    "model",
                    null);
        }
        return enter(call, estimate(call), then);
    }

    /** Past the rate limits, and the estimate reserved. */
    Mono<Void> enter(Call call, long estimate, Supplier<Mono<Void>> then) {
        RateLimits.Pass pass = rateLimits.enter(call.caller(), call.estimatedTokens(settings.defaultOutputTokens()));
        call.passes(pass);
        Mono<RateLimits.Pass> shared = rateLimits.share(pass);
        return shared == null
                ? reserve(call, estimate, then)
                : shared.publishOn(Schedulers.fromExecutor(call.visit().loop()))
                        .doOnNext(call::passes)
                        .flatMap(passed -> Contained.step(() -> reserve(call, estimate, then)));
    }

    Mono<Void> reserve(Call call, long estimate, Supplier<Mono<Void>> then) {
        Hold hold = quota.reserve(call.caller(), estimate);
        if (hold != null) {
            call.holds(hold);
            return then.get();
        }
        return quota.lease(call.caller(), estimate)
                .publishOn(Schedulers.fromExecutor(call.visit().loop()))
                .doOnNext(call::holds)
                .doOnDiscard(Hold.class, taken -> taken.settle(0))
                .flatMap(taken -> Contained.step(then));
    }

    /** Where no vendor counts, the gateway does. */
    private static Mono<Void> counted(Call call) {
        long count = PromptCount.of(call.ask().body());
        byte[] json = ("{\"input_tokens\":" + count + ",\"estimated\":true}").getBytes(StandardCharsets.US_ASCII);
        call.completed(200);
        return call.visit()
                .response()
                .header("content-type", "application/json")
                .header("content-length", Integer.toString(json.length))
                .send(Mono.just(Unpooled.wrappedBuffer(json)))
                .then();
    }

    /** Null: no channel has the model at that endpoint. */
    private @Nullable Route route(Call call, Endpoint endpoint) {
        Caller caller = call.caller();
        String model = call.ask().model();
        allow(caller, model);
        Route route = channels.route(caller.group().name(), model, endpoint);
        Long pinned = call.pinnedChannel();
        return route == null || pinned != null && !route.has(pinned) ? null : route;
    }

    /** @throws Refusal when the token may not use the model */
    void allow(Caller caller, String model) {
        if (!caller.token().allows(model)) {
            throw new Refusal(
                    Reason.MODEL_NOT_ALLOWED,
                    "This token may not use the model. Ask its owner to add it to the token's models.",
                    "model",
                    null);
        }
    }

    int defaultOutputTokens() {
        return settings.defaultOutputTokens();
    }

    /** Null: it has no price, and needs none. @throws Refusal when it needs one */
    @Nullable
    Tariff tariff(Caller caller, Route route, String model) {
        Tariff tariff = prices.find(model);
        if (tariff == null) {
            tariff = prices.find(route.upstreamModel(model));
        }
        if (tariff == null && Fallbacks.limited(caller)) {
            throw new Refusal(
                    Reason.MODEL_NOT_PRICED,
                    "This model has no price yet, and this token's or user's quota is limited. Ask the operator to set a price.",
                    "model",
                    null);
        }
        return tariff;
    }

    private static long promptEstimate(Call call) {
        Upload upload = call.upload();
        return upload != null ? upload.promptEstimate() : call.ask().promptEstimate();
    }

    private long estimate(Call call) {
        Tariff tariff = call.tariff();
        if (tariff == null || !Fallbacks.limited(call.caller())) {
            return 0;
        }
        Ask ask = call.ask();
        long completion = ask.completionLimit(settings.defaultOutputTokens());
        Usage most = ask.endpoint() == Endpoint.REALTIME
                ? RealtimeReading.spoken(0, completion)
                : call.measured(new Usage(promptEstimate(call), 0, 0, completion, 0, true))
                        .at(ask.tier());
        long factor = call.caller().group().priceFactorMillionths();
        return fallbacks.dearest(
                call, most, tariff.cost(most, factor, call.route().priceFactorMillionths()));
    }

    static void failed(Call call, Throwable error) {
        switch (error) {
            case Refusal refusal -> call.refused(refusal);
            case dev.sluice.vendor.Failure broken -> call.failed(502, Reason.UPSTREAM_ERROR.code);
            default -> {
                if (!callerLeft(error)) {
                    call.failed(500, Reason.INTERNAL.code);
                }
            }
        }
    }

    /** Whether the caller's connection broke while it was read or written. */
    static boolean callerLeft(Throwable error) {
        return error instanceof java.io.IOException || error instanceof AbortedException;
    }

    /** Whatever has not ended the call by now: the caller went away. */
    private void gone(Call call, SignalType signal) {
        call.left(clock.millis());
        if (call.streaming()) {
            openCalls.ended(call);
        }
    }
}
