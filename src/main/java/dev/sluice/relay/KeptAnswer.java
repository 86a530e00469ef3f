package dev.sluice.relay;

import dev.sluice.wire.Usage;
import io.netty.buffer.Unpooled;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerResponse;

/**
 * A whole answer as it went to its caller, to be given again.
 *
 * @param type its content type
 * @param usage what it took of the vendor
 * @param channelFactorMillionths the price factor of the channel that gave it
 * @param keptAt epoch milliseconds
 */
record KeptAnswer(byte[] bytes, String type, boolean stream, Usage usage, long channelFactorMillionths, long keptAt) {
    /** Answers the call, which ends with it: it pays for the same usage, times the factor of what is kept. */
    Mono<Void> send(Call call, long priceFactorMillionths, long now) {
        call.replays(usage, channelFactorMillionths * priceFactorMillionths / 1_000_000);
        call.begin();
        call.completed(200);
        HttpServerResponse response = call.visit().response();
        if (stream) {
            KeepAlive.streamHead(response);
        } else {
            response.header("content-length", Integer.toString(bytes.length));
        }
        return response.status(200)
                .header("content-type", type)
                .header("x-cache", "hit")
                .header("age", Long.toString(Math.max(0, now - keptAt) / 1000))
                .send(Flux.just(Unpooled.wrappedBuffer(bytes)))
                .then();
    }
}
