package dev.sluice.relay;

import dev.sluice.vendor.Reply;
import dev.sluice.vendor.Upstream;
import io.netty.buffer.ByteBuf;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Passes an answer on that is no JSON, such as sound: as it arrives, whatever it is. The call ends when the vendor's
 * answer does; one that breaks breaks the caller's connection.
 */
final class BytesAnswer {
    private final Call call;
    private final Reply reply;
    private final SpeechReading reading;

    BytesAnswer(Call call, Reply reply, SpeechReading reading) {
        this.call = call;
        this.reply = reply;
        this.reading = reading;
    }

    /** Errors before anything was emitted let another channel be tried. */
    Flux<ByteBuf> body() {
        return reply.body()
                .doOnNext(reading::accept)
                .map(ByteBuf::retain)
                .concatWith(Mono.fromRunnable(() -> call.completed(reply.status())))
                .onErrorResume(this::broken);
    }

    private Mono<ByteBuf> broken(Throwable error) {
        if (call.begun()) {
            Attempts.broken(call, error);
        }
        return Mono.error(Upstream.failure(error));
    }
}
