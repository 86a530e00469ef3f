package dev.sluice.relay;

import dev.sluice.channel.Choice;
import dev.sluice.channel.Route;
import dev.sluice.channel.WaitingLine;
import dev.sluice.format.Format;
import dev.sluice.settings.Settings;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Meter;
import dev.sluice.vendor.Reply;
import dev.sluice.vendor.Upstream;
import dev.sluice.vendor.Way;
import dev.sluice.wire.Ask;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Signal;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.server.HttpServerResponse;

/**
 * Tries one channel after another until one answers, and passes that answer on. Another is tried only while nothing
 * was sent to the caller: {@link Call#begun} decides.
 */
@Component
final class Attempts {
    private static final Logger log = LoggerFactory.getLogger(Attempts.class);

    /** What of the caller's headers a vendor gets; never a credential, a cookie or an address. */
    static final String[] PASSED = {"openai-beta", "anthropic-beta", "idempotency-key", "accept"};

    /** A plain answer that is translated is held whole; the largest real ones hold images. */
    private static final int ANSWER_AT_MOST = 32 * 1024 * 1024;

    private static final int ERROR_BODY_AT_MOST = 1024 * 1024;

    /** For the body of an error whose head is there already. */
    private static final Duration ERROR_PATIENCE = Duration.ofSeconds(5);

    private final IntSupplier mostAttempts;
    private final Fallbacks fallbacks;
    private final WaitingLine line;
    private final RelaySettings settings;
    private final RelayMeters meters;
    private final Clock clock;

    /** @param gateway what root sets now */
    Attempts(
            Settings gateway,
            Fallbacks fallbacks,
            WaitingLine line,
            RelaySettings settings,
            RelayMeters meters,
            Clock clock) {
        this.line = line;
        this.mostAttempts = () -> gateway.now().maxAttempts();
        this.fallbacks = fallbacks;
        this.settings = settings;
        this.meters = meters;
        this.clock = clock;
    }

    /** Answers the call; errors with a {@link Refusal} when no channel did and no status was sent yet. */
    Mono<Void> answer(Call call) {
        KeepAlive.start(call, settings.keepAlive());
        return next(call)
                .onErrorResume(error ->
                        call.waitsKept() && !Relay.callerLeft(error) ? toldByAnEvent(call, error) : Mono.error(error));
    }

    /** The caller has its status already, sent to keep it waiting: the error goes out as the stream's only event. */
    private static Mono<Void> toldByAnEvent(Call call, Throwable error) {
        Refusal refusal;
        if (error instanceof Refusal known) {
            refusal = known;
        } else {
            log.error("Call {} met a bug", call.visit().id(), error);
            refusal = new Refusal(Reason.INTERNAL, "Something went wrong in the gateway.");
        }
        call.refused(refusal);
        byte[] event = call.visit().format().broken(refusal, call.visit().id());
        return call.visit()
                .response()
                .send(Flux.just(Unpooled.wrappedBuffer(event)), piece -> true)
                .then();
    }

    private Mono<Void> next(Call call) {
        Choice choice = chosen(call, true);
        if (choice != null) {
            return attempt(call, choice);
        }
        Mono<Choice> turn = late(call) ? null : line.join(want(call));
        return turn == null
                ? Mono.error(noneLeft(call))
                : turn.switchIfEmpty(Mono.error(() -> noneLeft(call)))
                        .doOnDiscard(Choice.class, this::givenBack)
                        .flatMap(taken -> {
                            if (call.open()) {
                                return Contained.step(() -> attempt(call, taken));
                            }
                            givenBack(taken);
                            return Mono.empty();
                        });
    }

    /** Its caller had left when its turn came. */
    private void givenBack(Choice taken) {
        taken.used(0);
        taken.undecided(clock.millis());
    }

    private WaitingLine.Want want(Call call) {
        Route route = call.route();
        return new WaitingLine.Want(
                route,
                call.caller().user().id(),
                call.tries().tried(),
                call.pinnedChannel(),
                call.estimatedTokens(settings.defaultOutputTokens()),
                call.kin(route.sticky()),
                call.visit().loop());
    }

    private Mono<Void> attempt(Call call, Choice choice) {
        call.attempting(choice);
        return attempt(call, choice, choice.upstream().takesStreamOptions());
    }

    /** The channel of the next attempt. @throws Refusal when there is none left */
    Choice choose(Call call) {
        Choice choice = chosen(call, false);
        if (choice == null) {
            throw noneLeft(call);
        }
        call.attempting(choice);
        return choice;
    }

    private Refusal noneLeft(Call call) {
        Refusal inexpressible = call.tries().inexpressible();
        return call.tries().last() != null
                ? unanswered(call)
                : inexpressible != null ? inexpressible : noneAvailable(call);
    }

    /**
     * Of the model that is asked for, else of one that stands in for it; null: none can take the call now.
     *
     * @param inTurn it may wait, and so does not pass those who wait already
     */
    private @Nullable Choice chosen(Call call, boolean inTurn) {
        Route route = call.route();
        Choice choice = inTurn && line.ahead(route)
                ? null
                : route.choose(
                        call.tries().tried(),
                        call.pinnedChannel(),
                        call.estimatedTokens(settings.defaultOutputTokens()),
                        call.kin(route.sticky()),
                        clock.millis());
        return choice == null && fallsBack(call) ? chosen(call, inTurn) : choice;
    }

    private Mono<Void> attempt(Call call, Choice choice, boolean askForUsage) {
        Ask ask = call.ask();
        Upstream upstream = choice.upstream();
        String model = choice.channel().upstreamModel(call.model());
        Way way = upstream.way(ask.endpoint(), model, ask.stream());
        if (way == null) {
            return next(call, choice, new Failure(Failure.Kind.NOT_THE_PROTOCOL, "it does not have the endpoint"));
        }
        Translation translation;
        try {
            translation = translation(call, way, model, upstream, askForUsage);
        } catch (Refusal inexpressible) {
            // Another channel's vendor may have a word for it; this one is not at fault.
            call.inexpressible(inexpressible);
            choice.skipped(clock.millis(), call.tries().tried());
            return next(call);
        }
        return sent(call, upstream, way, model, translation, askForUsage)
                .flatMap(reply -> Contained.step(() -> taken(call, new Attempt(choice, reply, way, translation))))
                .onErrorResume(Failure.class, failure -> next(call, choice, failure));
    }

    private static Mono<Reply> sent(
            Call call,
            Upstream upstream,
            Way way,
            String model,
            @Nullable Translation translation,
            boolean askForUsage) {
        HttpHeaders passed = passed(call.visit().headers(), translation == null);
        Upload upload = call.upload();
        if (upload != null) {
            return upstream.form(
                    call.visit().loop(), way, upload.body(model), upload.length(model), upload.contentType(), passed);
        }
        byte[] body = translation == null ? call.ask().forVendor(model, askForUsage) : translation.body();
        return upstream.post(call.visit().loop(), way, body, passed);
    }

    /** Null where caller and vendor have one form: then the caller's own bytes pass. */
    private static @Nullable Translation translation(
            Call call, Way way, String model, Upstream upstream, boolean askForUsage) {
        Format callers = Format.of(call.ask().endpoint());
        Format theirs = way.format();
        if (callers == null || theirs == null || theirs == callers) {
            return null;
        }
        List<String> quirks = new ArrayList<>(upstream.quirks());
        if (!askForUsage) {
            quirks.add("no_stream_options");
        }
        return new Translation(call.question(callers), callers, theirs, model, quirks, call.heading());
    }

    /** @param translation null: the vendor's own bytes pass */
    private record Attempt(
            Choice choice, Reply reply, Way way, @Nullable Translation translation) {}

    private Mono<Void> taken(Call call, Attempt attempt) {
        Reply reply = attempt.reply();
        int status = reply.status();
        if (status >= 200 && status < 300) {
            return attempt.translation() == null
                    ? passOn(call, attempt)
                    : translate(call, attempt, attempt.translation());
        }
        return switch (status) {
            case 401, 402, 403 -> dropped(call, reply, new Failure(Failure.Kind.KEY_REFUSED, "the key is refused"));
            case 429 ->
                dropped(
                        call,
                        reply,
                        new Failure(
                                Failure.Kind.RATE_LIMITED,
                                "over its limit",
                                ComeAgain.after(reply.headers(), clock.instant())));
            case 408 -> dropped(call, reply, new Failure(Failure.Kind.SERVER_ERROR, "status 408"));
            default ->
                status >= 400 && status < 500
                        ? refusedByVendor(call, attempt)
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

    private Mono<Void> translate(Call call, Attempt attempt, Translation translation) {
        Reply reply = attempt.reply();
        boolean stream = call.ask().stream();
        String type = reply.contentType();
        boolean fits = stream ? type.equals(translation.theirStreamType()) : type.isEmpty() || type.contains("json");
        if (!fits) {
            reply.abandon();
            return Mono.error(new Failure(Failure.Kind.NOT_THE_PROTOCOL, "content type " + Plain.text(type)));
        }
        call.answeredBy(translation.tally());
        if (!stream) {
            return RequestBody.upTo(reply.body(), ANSWER_AT_MOST)
                    .onErrorMap(Refusal.class, large -> new Failure(Failure.Kind.NOT_THE_PROTOCOL, "too large"))
                    .onErrorMap(Upstream::failure)
                    .map(translation::whole)
                    .flatMap(answer -> sendWhole(call, attempt, answer));
        }
        return new TranslatedStream(call, reply, translation)
                .body()
                .switchOnFirst(
                        (first, all) -> sendEvents(call, attempt.choice(), reply, translation.streamType(), first, all))
                .then();
    }

    private static Mono<Void> sendWhole(Call call, Attempt attempt, byte[] answer) {
        begin(call, attempt.choice(), attempt.reply());
        call.completed(200);
        HttpServerResponse response = call.visit().response();
        response.status(200)
                .header("content-type", "application/json")
                .header("content-length", Integer.toString(answer.length));
        ByteBuf whole = Unpooled.wrappedBuffer(answer);
        Recording.whole(call, "application/json", whole);
        return response.send(Mono.just(whole)).then();
    }

    private Mono<Void> passOn(Call call, Attempt attempt) {
        Choice choice = attempt.choice();
        Reply reply = attempt.reply();
        boolean stream = call.ask().stream();
        String type = reply.contentType();
        if (!call.ask().endpoint().answersJson() || call.upload() != null && !stream && isText(type)) {
            return passBytes(call, attempt);
        }
        boolean fits = stream ? type.equals("text/event-stream") : type.isEmpty() || type.contains("json");
        if (!fits) {
            reply.abandon();
            return Mono.error(new Failure(Failure.Kind.NOT_THE_PROTOCOL, "content type " + Plain.text(type)));
        }
        Meter meter = choice.upstream().meter(attempt.way());
        call.answeredBy(meter);
        if (stream) {
            EventStream events = new EventStream(call, reply, meter);
            return events.body()
                    .switchOnFirst((first, all) -> sendEvents(call, choice, reply, "text/event-stream", first, all))
                    .doOnDiscard(ByteBuf.class, ByteBuf::release) // the caller left at that very moment
                    .then();
        }
        PlainAnswer answer = new PlainAnswer(call, reply, meter);
        return answer.body()
                .switchOnFirst((first, all) -> sendPlain(call, choice, reply, answer, first, all))
                .doOnDiscard(ByteBuf.class, ByteBuf::release)
                .then();
    }

    /** A transcript without JSON around it, or subtitles. */
    private static boolean isText(String type) {
        return type.equals("text/plain") || type.equals("text/vtt") || type.equals("application/x-subrip");
    }

    /** Sound, or the events it comes in. A page or an error with the status of an answer is neither. */
    private Mono<Void> passBytes(Call call, Attempt attempt) {
        Reply reply = attempt.reply();
        String type = reply.contentType();
        if (type.contains("json") || type.contains("html")) {
            reply.abandon();
            return Mono.error(new Failure(Failure.Kind.NOT_THE_PROTOCOL, "content type " + Plain.text(type)));
        }
        SpeechReading reading = new SpeechReading(type.equals("text/event-stream"));
        call.answeredBy(reading);
        return new BytesAnswer(call, reply, reading)
                .body()
                .switchOnFirst((first, all) -> sendBytes(call, attempt, first, all))
                .doOnDiscard(ByteBuf.class, ByteBuf::release)
                .then();
    }

    private static Flux<Void> sendBytes(
            Call call, Attempt attempt, Signal<? extends ByteBuf> first, Flux<ByteBuf> all) {
        if (!first.hasValue()) {
            return all.ignoreElements().cast(Void.class).flux();
        }
        begin(call, attempt.choice(), attempt.reply());
        HttpServerResponse response = head(call, attempt.reply());
        response.header("content-type", attempt.reply().headers().get("content-type", "application/octet-stream"));
        return Flux.from(response.send(all, piece -> true).then());
    }

    private Flux<Void> sendEvents(
            Call call, Choice choice, Reply reply, String type, Signal<? extends ByteBuf> first, Flux<ByteBuf> all) {
        if (!first.hasValue()) {
            return all.ignoreElements().cast(Void.class).flux();
        }
        boolean headless = call.waitsKept();
        begin(call, choice, reply);
        call.streams(reply);
        boolean array = call.visit().wantsArray();
        String sentType = array ? "application/json" : type;
        HttpServerResponse response = call.visit().response();
        if (!headless) {
            head(call, reply);
            KeepAlive.streamHead(response).header("content-type", sentType);
        }
        Flux<ByteBuf> answer = Recording.of(call, sentType, array ? ArrayFraming.of(all) : all);
        return Flux.from(response.send(answer, piece -> true).then());
    }

    private Flux<Void> sendPlain(
            Call call,
            Choice choice,
            Reply reply,
            PlainAnswer answer,
            Signal<? extends ByteBuf> first,
            Flux<ByteBuf> all) {
        ByteBuf piece = first.get();
        if (piece == null) {
            return all.ignoreElements().cast(Void.class).flux();
        }
        begin(call, choice, reply);
        HttpServerResponse response = head(call, reply);
        String type = reply.headers().get("content-type", "application/json");
        response.header("content-type", type);
        if (answer.whole()) {
            // One write for head and body: a single value is what the server sends as one.
            response.header("content-length", Integer.toString(piece.readableBytes()));
            Recording.whole(call, type, piece);
            return Flux.from(response.send(all.next()).then());
        }
        return Flux.from(
                response.send(Recording.of(call, type, all), each -> true).then());
    }

    /** From here on the answer is this channel's, whatever becomes of it. */
    private static void begin(Call call, Choice choice, Reply reply) {
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
    private Mono<Void> refusedByVendor(Call call, Attempt attempt) {
        return RequestBody.upTo(attempt.reply().body(), ERROR_BODY_AT_MOST)
                .timeout(
                        ERROR_PATIENCE,
                        Schedulers.fromExecutorService(call.visit().loop()))
                .onErrorMap(error -> new Failure(Failure.Kind.NOT_THE_PROTOCOL, "an error that cannot be read"))
                .flatMap(body -> refusedByVendor(call, attempt, body));
    }

    private Mono<Void> refusedByVendor(Call call, Attempt attempt, byte[] body) {
        Choice choice = attempt.choice();
        Reply reply = attempt.reply();
        Failure failure = choice.upstream().failure(reply.status(), body);
        if (failure != null) {
            return Mono.error(failure);
        }
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
        boolean own = attempt.translation() == null && call.visit().format().reads(body);
        if (call.waitsKept()) {
            return Mono.error(refusal(reply.status(), body));
        }
        byte[] words = own
                ? body
                : call.visit()
                        .format()
                        .error(refusal(reply.status(), body), call.visit().id());
        String type = own ? reply.headers().get("content-type", "application/json") : "application/json";
        return head(call, reply)
                .header("content-type", type)
                .header("content-length", Integer.toString(words.length))
                .send(Mono.just(Unpooled.wrappedBuffer(words)))
                .then();
    }

    /** The vendor's words on what is wrong with the request. */
    private static Refusal refusal(int status, byte[] body) {
        String words = Format.message(body);
        Reason reason = switch (status) {
            case 404 -> Reason.MODEL_NOT_FOUND;
            case 413 -> Reason.REQUEST_TOO_LARGE;
            default -> Reason.INVALID_VALUE;
        };
        return new Refusal(reason, words == null ? "The model refused the request." : words);
    }

    private Mono<Void> next(Call call, Choice choice, Failure failure) {
        if (call.begun()) {
            return Mono.error(failure);
        }
        Refusal last = noted(call, choice, failure);
        return last == null ? next(call) : Mono.error(last);
    }

    /** The attempt came to nothing. Null: another may be tried. */
    @Nullable
    Refusal noted(Call call, Choice choice, Failure failure) {
        choice.failed(failure, clock.millis(), call.tries().tried());
        meters.attempt(choice.channel().id(), failure.kind().label);
        call.attemptFailed(failure);
        Upload upload = call.upload();
        if (upload != null && !upload.sendable()) {
            return unanswered(call);
        }
        boolean goesOn = call.tries().attemptsOfModel() < mostAttempts.getAsInt() ? !late(call) : fallsBack(call);
        return goesOn ? null : unanswered(call);
    }

    private boolean late(Call call) {
        return System.nanoTime() - call.visit().startedNanos()
                > settings.deadline().toNanos();
    }

    private boolean fallsBack(Call call) {
        return !late(call) && fallbacks.take(call);
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
        Failure limited = call.tries().onlyRateLimited();
        if (limited != null) {
            Duration wait = limited.retryAfter() == null ? Duration.ofSeconds(1) : limited.retryAfter();
            return new Refusal(
                    Reason.UPSTREAM_RATE_LIMITED,
                    "This model is over its limit just now. Try again later.",
                    null,
                    wait);
        }
        Failure last = call.tries().last();
        if (last != null && last.kind() == Failure.Kind.TIMEOUT) {
            return new Refusal(Reason.UPSTREAM_TIMEOUT, "The model did not answer in time.");
        }
        return new Refusal(Reason.UPSTREAM_ERROR, "The model could not be reached or did not answer properly.");
    }

    /** @param own whether the vendor speaks the caller's form: only then do the form's beta headers mean anything */
    private static HttpHeaders passed(HttpHeaders callers, boolean own) {
        HttpHeaders passed = new DefaultHttpHeaders();
        for (String name : PASSED) {
            String value = own || name.equals("idempotency-key") ? callers.get(name) : null;
            if (value != null) {
                passed.add(name, value);
            }
        }
        return passed;
    }
}
