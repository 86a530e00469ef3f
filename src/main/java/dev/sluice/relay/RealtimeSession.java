package dev.sluice.relay;

import dev.sluice.quota.Tariff;
import dev.sluice.vendor.Failure;
import dev.sluice.wire.Ask;
import dev.sluice.wire.Endpoint;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import dev.sluice.wire.Usage;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCounted;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.Connection;
import reactor.netty.http.websocket.WebsocketInbound;
import reactor.netty.http.websocket.WebsocketOutbound;
import tools.jackson.databind.JsonNode;

/**
 * A realtime conversation between a caller and a vendor: each side's frames go to the other, one at a time, so that the
 * slower one sets the pace. Each answer is a call of its own, with its hold and its row: what a session spends is booked as
 * it goes, and a quota that is used up ends the session before the next answer.
 *
 * <p>It lives on one event loop, the caller's and the vendor's connection both.
 */
final class RealtimeSession {
    private static final Logger log = LoggerFactory.getLogger(RealtimeSession.class);

    /** For the last words to a side that may not read any more. */
    private static final Duration FAREWELL = Duration.ofSeconds(1);

    /** Of a connection that has ended: its close frame was read already, if there was one. */
    private static final Duration STATUS = Duration.ofMillis(50);

    private static final int NORMAL = 1000;
    private static final int GOING_AWAY = 1001;
    private static final int WITHOUT_CODE = 1005;
    private static final int POLICY = 1008;
    private static final int TOO_BIG = 1009;
    private static final int ERROR = 1011;

    /** How it ended: the close code that each side is told, and what else the caller is. */
    private record Ending(
            int toCaller,
            int toVendor,
            String reason,
            @Nullable Refusal refusal) {}

    private final Relay relay;
    private final Connection vendor;
    private final WebsocketInbound vendorsIn;
    private final WebsocketOutbound vendorsOut;
    private final OpenCalls openCalls;
    private final Duration idle;
    private final int largest;
    private final Clock clock;
    private final Scheduler loop;
    private final Sinks.One<Ending> ended = Sinks.one();
    private final Disposable.Composite parts = Disposables.composite();
    private Call call;
    private @Nullable RealtimeReading reading; // null: the vendor is not answering
    private long context;
    private @Nullable Connection callersConnection;
    private @Nullable WebsocketInbound callers; // null: it was never upgraded
    private int toVendor; // the close code; 0: not known
    private String transcriber = "";
    private long heardNanos = System.nanoTime();
    private boolean booked; // the call has ended, and no other follows

    RealtimeSession(
            Relay relay, Call call, Connection vendor, OpenCalls openCalls, Duration idle, int largest, Clock clock) {
        this.relay = relay;
        this.call = call;
        this.vendor = vendor;
        this.vendorsIn = (WebsocketInbound) vendor.inbound();
        this.vendorsOut = (WebsocketOutbound) vendor.outbound();
        this.openCalls = openCalls;
        this.idle = idle;
        this.largest = largest;
        this.clock = clock;
        this.loop = Schedulers.fromExecutorService(call.visit().loop());
    }

    Mono<Void> carry(WebsocketInbound callersIn, WebsocketOutbound callersOut) {
        call.begin();
        callers = callersIn;
        parts.add(pass(callersIn, vendorsOut, frame -> {}, () -> callerLeft(callersIn)));
        parts.add(pass(vendorsIn, callersOut, this::watch, () -> vendorLeft(vendorsIn)));
        callersIn.withConnection(connection -> {
            callersConnection = connection;
            connection.onDispose(() -> callerLeft(callersIn));
        });
        vendor.onDispose(() -> vendorLeft(vendorsIn));
        parts.add(openCalls.goingDown().publishOn(loop).subscribe(null, null, this::goingDown));
        parts.add(quiet().subscribe());
        return ended.asMono()
                .flatMap(ending -> farewell(ending, callersOut))
                .doFinally(signal -> over(this::callerGone));
    }

    /** The vendor's connection ends with the session, in whatever way that did. */
    Mono<Void> leaveVendor() {
        WebsocketInbound there = callers;
        Mono<Integer> code = toVendor != 0 || there == null
                ? Mono.just(toVendor == 0 ? GOING_AWAY : toVendor)
                : code(there).defaultIfEmpty(GOING_AWAY);
        return code.flatMap(known -> close(vendorsOut, known, ""))
                .timeout(FAREWELL, loop)
                .onErrorComplete()
                .doFinally(signal -> {
                    // Not before: whoever stops listening is taken to have no word to say.
                    parts.dispose();
                    vendor.dispose();
                })
                .then();
    }

    private void callerGone() {
        if (reading == null) {
            call.completed(101);
        } else {
            call.left(clock.millis());
        }
    }

    private Disposable pass(
            WebsocketInbound from, WebsocketOutbound to, Consumer<TextWebSocketFrame> watcher, Runnable end) {
        return from.aggregateFrames(largest)
                .receiveFrames()
                .map(WebSocketFrame::retain)
                .concatMap(
                        frame -> {
                            if (frame instanceof TextWebSocketFrame text) {
                                heardNanos = System.nanoTime();
                                watcher.accept(text);
                            }
                            // A side that takes no more has ended, and says so itself.
                            return to.sendObject(frame).then().onErrorComplete();
                        },
                        1)
                .doOnDiscard(ReferenceCounted.class, ReferenceCounted::release)
                .subscribe(null, error -> ended(error, end), end);
    }

    private void ended(Throwable error, Runnable end) {
        if (error instanceof TooLongFrameException) {
            over(this::callerGone);
            end(new Ending(TOO_BIG, GOING_AWAY, "message too big", null));
            return;
        }
        if (error instanceof java.io.IOException || error instanceof io.netty.handler.codec.CodecException) {
            end.run();
            return;
        }
        log.error("Call {} met a bug", call.visit().id(), error);
        over(() -> call.failed(500, Reason.INTERNAL.code));
        end(new Ending(ERROR, GOING_AWAY, "internal error", null));
    }

    // What the vendor says

    private void watch(TextWebSocketFrame frame) {
        ByteBuf event = frame.content();
        String type = RealtimeReading.type(event);
        switch (type) {
            case "response.created" -> answering();
            case "response.output_audio.delta", "response.audio.delta" ->
                answering().sound(event.readableBytes());
            case "response.output_text.delta",
                    "response.text.delta",
                    "response.output_audio_transcript.delta",
                    "response.audio_transcript.delta",
                    "response.function_call_arguments.delta" -> answering().text();
            case "response.done" -> answered(event);
            case "session.created", "session.updated", "transcription_session.updated" -> configured(event);
            case "conversation.item.input_audio_transcription.completed" -> transcribed(event);
            default -> {
                // costs nothing, and passes
            }
        }
    }

    private RealtimeReading answering() {
        RealtimeReading known = reading;
        if (known == null) {
            known = new RealtimeReading(context);
            reading = known;
            call.answeredBy(known);
        }
        return known;
    }

    /** Booked before the caller hears of it. */
    private void answered(ByteBuf event) {
        JsonNode json = RealtimeReading.parse(event);
        if (json == null || booked) {
            return;
        }
        JsonNode response = json.path("response");
        RealtimeReading read = answering();
        Usage usage = RealtimeReading.usage(response.path("usage"));
        reading = null;
        if (usage != null) {
            read.said(usage);
            context = usage.total();
            call.completed(200);
        } else if (response.path("status").asString("").equals("failed")) {
            call.failed(200, Reason.UPSTREAM_ERROR.code);
        } else {
            call.completed(200);
        }
        follow();
    }

    /** The next answer's hold. Until it is there the conversation goes on: one answer may overdraw the quota, as one estimate may. */
    private void follow() {
        call = call.following(call.visit().next(clock.millis()));
        if (openCalls.draining()) {
            parts.add(loop.schedule(this::goingDown)); // the answer's last event goes out first
            return;
        }
        Call next = call;
        Tariff tariff = next.tariff();
        long estimate = tariff == null
                ? 0
                : next.cost(tariff, RealtimeReading.spoken(context, next.estimatedTokens(relay.defaultOutputTokens())));
        parts.add(Mono.defer(() -> relay.enter(next, estimate, Mono::empty))
                .subscribeOn(loop)
                .subscribe(null, error -> refused(next, error)));
    }

    private void refused(Call next, Throwable error) {
        Relay.failed(next, error);
        if (next == call) {
            booked = true;
        }
        end(error);
    }

    private void end(Throwable error) {
        Refusal refusal = error instanceof Refusal known
                ? known
                : new Refusal(Reason.INTERNAL, "Something went wrong in the gateway.");
        end(new Ending(POLICY, GOING_AWAY, refusal.reason().code, refusal));
    }

    /** Which model writes down what the caller says is the vendor's word: it is another model, at another price. */
    private void configured(ByteBuf event) {
        JsonNode json = RealtimeReading.parse(event);
        if (json == null) {
            return;
        }
        JsonNode session = json.path("session");
        String named = session.path("audio")
                .path("input")
                .path("transcription")
                .path("model")
                .asString("");
        transcriber = named.isEmpty()
                ? session.path("input_audio_transcription").path("model").asString("")
                : named;
        if (transcriber.isEmpty()) {
            return;
        }
        try {
            relay.allow(call.caller(), transcriber);
            relay.tariff(call.caller(), call.route(), transcriber);
        } catch (Refusal refusal) {
            over(() -> call.refused(refusal));
            end(new Ending(POLICY, GOING_AWAY, refusal.reason().code, refusal));
        }
    }

    private void transcribed(ByteBuf event) {
        JsonNode json = RealtimeReading.parse(event);
        Usage usage = json == null ? null : RealtimeReading.usage(json.path("usage"));
        if (usage == null || booked) {
            return;
        }
        String model = transcriber.isEmpty() ? call.ask().model() : transcriber;
        Tariff tariff;
        try {
            tariff = relay.tariff(call.caller(), call.route(), model);
        } catch (Refusal priceTakenAway) {
            tariff = null; // since it was looked at, when the session was configured
        }
        Call beside = call.beside(call.visit().next(clock.millis()), Ask.named(Endpoint.REALTIME, model), tariff);
        RealtimeReading read = new RealtimeReading(0);
        read.said(usage);
        beside.answeredBy(read);
        long cost = tariff == null ? 0 : beside.cost(tariff, usage);
        parts.add(Mono.defer(() -> relay.reserve(beside, cost, Mono::empty))
                .doFinally(signal -> beside.completed(200)) // it was used, whether or not it is covered
                .subscribe(null, error -> {
                    over(() -> call.completed(101));
                    end(error);
                }));
    }

    // How it ends

    private void callerLeft(WebsocketInbound callersIn) {
        status(callersIn, code -> {
            over(this::callerGone);
            end(new Ending(NORMAL, code == null ? GOING_AWAY : code, "", null));
        });
    }

    private void vendorLeft(WebsocketInbound in) {
        status(in, code -> {
            if (code != null && code != ERROR && reading == null) {
                over(() -> call.completed(101));
                end(new Ending(code, NORMAL, "", null));
                return;
            }
            over(() -> call.brokenOff(new Failure(Failure.Kind.NETWORK, "the connection broke"), clock.millis()));
            Refusal broken = new Refusal(Reason.UPSTREAM_ERROR, "The session broke off.");
            end(new Ending(code == null ? ERROR : code, NORMAL, "", broken));
        });
    }

    private void status(WebsocketInbound in, Consumer<@Nullable Integer> then) {
        parts.add(code(in).materialize().subscribe(signal -> then.accept(signal.get())));
    }

    /** Empty: it ended without one. */
    private Mono<Integer> code(WebsocketInbound in) {
        return in.receiveCloseStatus()
                .map(WebSocketCloseStatus::code)
                .filter(code -> code != WebSocketCloseStatus.ABNORMAL_CLOSURE.code())
                .timeout(STATUS, loop)
                .onErrorComplete()
                .publishOn(loop);
    }

    /** Not in the middle of an answer. */
    private void goingDown() {
        if (reading == null) {
            over(() -> call.completed(101));
            end(new Ending(GOING_AWAY, GOING_AWAY, "going down", null));
        }
    }

    private Mono<Void> quiet() {
        long left = idle.toNanos() - (System.nanoTime() - heardNanos);
        return Mono.delay(Duration.ofNanos(Math.max(1_000_000, left)), loop).flatMap(tick -> {
            if (System.nanoTime() - heardNanos < idle.toNanos()) {
                return quiet();
            }
            over(() -> call.completed(101));
            end(new Ending(NORMAL, NORMAL, "idle", null));
            return Mono.empty();
        });
    }

    private void over(Runnable end) {
        if (!booked) {
            booked = true;
            end.run();
        }
    }

    private void end(Ending ending) {
        ended.tryEmitValue(ending);
    }

    private Mono<Void> farewell(Ending ending, WebsocketOutbound callersOut) {
        Refusal refusal = ending.refusal();
        Mono<Void> word = refusal == null
                ? Mono.empty()
                : callersOut.sendObject(new TextWebSocketFrame(error(refusal))).then();
        toVendor = ending.toVendor();
        return word.then(close(callersOut, ending.toCaller(), ending.reason()))
                .timeout(FAREWELL, loop)
                .onErrorComplete()
                .doFinally(signal -> hangUp());
    }

    /** Who has been told goodbye closes the connection; who does not, since it reads no more, is not waited for. */
    private void hangUp() {
        Connection caller = callersConnection;
        if (caller != null) {
            loop.schedule(() -> caller.channel().close(), FAREWELL.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private static Mono<Void> close(WebsocketOutbound out, int code, String reason) {
        boolean sayable = code >= NORMAL && code != WITHOUT_CODE;
        return Mono.defer(() -> sayable ? out.sendClose(code, reason) : out.sendClose());
    }

    /** As the realtime API words its errors. */
    private String error(Refusal refusal) {
        String json =
                new String(call.visit().format().error(refusal, call.visit().id()), StandardCharsets.UTF_8);
        return "{\"type\":\"error\",\"event_id\":\"event_" + call.visit().id() + "\"," + json.substring(1);
    }
}
