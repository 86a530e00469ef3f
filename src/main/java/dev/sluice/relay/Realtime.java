package dev.sluice.relay;

import dev.sluice.channel.Choice;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Way;
import dev.sluice.wire.Ask;
import dev.sluice.wire.Endpoint;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.http.server.WebsocketServerSpec;

/**
 * The door of realtime conversations, {@code GET /v1/realtime}: who may not come in, or finds no channel, is told so in
 * plain HTTP; the WebSocket begins when the vendor's has. What follows is a {@link RealtimeSession}.
 */
@Component
final class Realtime {
    private static final String PROTOCOL = "realtime";

    private final Relay relay;
    private final Attempts attempts;
    private final OpenCalls openCalls;
    private final RelaySettings settings;
    private final Clock clock;

    Realtime(Relay relay, Attempts attempts, OpenCalls openCalls, RelaySettings settings, Clock clock) {
        this.relay = relay;
        this.attempts = attempts;
        this.openCalls = openCalls;
        this.settings = settings;
        this.clock = clock;
    }

    Mono<Void> serve(Visit visit) {
        Call call = relay.open(visit, Endpoint.REALTIME);
        AtomicBoolean upgraded = new AtomicBoolean();
        return Mono.defer(() -> {
                    Ask ask = Ask.named(Endpoint.REALTIME, model(visit));
                    return relay.admit(
                            call,
                            ask,
                            () -> connect(call).flatMap(vendor -> upgrade(call, session(call, vendor), upgraded)));
                })
                .doOnError(error -> Relay.failed(call, error))
                .doFinally(signal -> {
                    if (!upgraded.get()) {
                        call.left(clock.millis());
                    }
                });
    }

    private static String model(Visit visit) {
        HttpHeaders headers = visit.headers();
        if (!"websocket".equalsIgnoreCase(headers.get("upgrade")) || !headers.contains("sec-websocket-key")) {
            throw new Refusal(
                    Reason.INVALID_VALUE, "This path is a WebSocket's: ask for the upgrade.", "upgrade", null);
        }
        List<String> models =
                new QueryStringDecoder(visit.request().uri()).parameters().get("model");
        if (models == null || models.getFirst().isBlank()) {
            throw new Refusal(
                    Reason.MISSING_PARAMETER, "The query parameter 'model' is missing: ?model=…", "model", null);
        }
        return models.getFirst();
    }

    private Mono<Connection> connect(Call call) {
        return Mono.defer(() -> {
            Choice choice = attempts.choose(call);
            Way way = choice.upstream().way(Endpoint.REALTIME, choice.channel().upstreamModel(call.model()), false);
            Mono<Connection> connection = way == null
                    ? Mono.error(new Failure(Failure.Kind.NOT_THE_PROTOCOL, "it does not have the endpoint"))
                    : choice.upstream().websocket(call.visit().loop(), way, beta(call.visit()), largest());
            return connection
                    .doOnNext(upgraded -> choice.answered())
                    .doOnError(Refusal.class, refused -> choice.succeeded())
                    .onErrorResume(Failure.class, failure -> {
                        Refusal last = attempts.noted(call, choice, failure);
                        return last == null ? connect(call) : Mono.error(last);
                    });
        });
    }

    private int largest() {
        return (int) settings.maxBody().toBytes();
    }

    /** The older form of events, which pages can only ask for by a subprotocol. */
    private static @Nullable String beta(Visit visit) {
        String header = visit.headers().get("openai-beta");
        return header == null && offers(visit, "openai-beta.realtime-v1") ? "realtime=v1" : header;
    }

    private static boolean offers(Visit visit, String protocol) {
        for (String offered : visit.headers().get("sec-websocket-protocol", "").split(",")) {
            if (offered.strip().equals(protocol)) {
                return true;
            }
        }
        return false;
    }

    private RealtimeSession session(Call call, Connection vendor) {
        return new RealtimeSession(relay, call, vendor, openCalls, settings.realtimeIdle(), largest(), clock);
    }

    private Mono<Void> upgrade(Call call, RealtimeSession session, AtomicBoolean upgraded) {
        WebsocketServerSpec.Builder spec =
                WebsocketServerSpec.builder().handlePing(true).maxFramePayloadLength(largest());
        if (offers(call.visit(), PROTOCOL)) {
            spec.protocols(PROTOCOL); // never the one that is the caller's key
        }
        return call.visit()
                .response()
                .sendWebsocket(
                        (in, out) -> {
                            upgraded.set(true);
                            return Mono.usingWhen(
                                    Mono.just(session), each -> each.carry(in, out), RealtimeSession::leaveVendor);
                        },
                        spec.build())
                .then()
                .doFinally(signal -> {
                    // The session goes on after the upgrade; without one there is none.
                    if (!upgraded.get()) {
                        session.leaveVendor().subscribe();
                    }
                });
    }
}
