package dev.sluice.relay;

import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Meter;
import dev.sluice.vendor.Reply;
import dev.sluice.vendor.Upstream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SynchronousSink;

/**
 * Passes a vendor's plain answer on. Up to a bound it waits until it is whole, so that half a body or a page of HTML
 * still lets another channel be tried; what is larger goes through as it arrives. The call ends before the last bytes
 * are sent.
 */
final class PlainAnswer {
    /** Chat answers are below 100 kB; beyond it are embeddings of many texts, and images. */
    private static final int HELD_AT_MOST = 256 * 1024;

    private final Call call;
    private final Reply reply;
    private final Meter meter;
    private @Nullable CompositeByteBuf held;
    private boolean passing;
    private boolean ended;

    PlainAnswer(Call call, Reply reply, Meter meter) {
        this.call = call;
        this.reply = reply;
        this.meter = meter;
    }

    /** Errors before anything was emitted let another channel be tried; after that they break the caller's connection. */
    Flux<ByteBuf> body() {
        return reply.body()
                .<ByteBuf>handle((piece, sink) -> Contained.run(() -> pass(piece, sink)))
                .concatWith(Mono.defer(this::end))
                .onErrorResume(this::broken)
                .doFinally(signal -> release());
    }

    /** Whether what is emitted first is all there is. */
    boolean whole() {
        return ended && !passing;
    }

    private void pass(ByteBuf piece, SynchronousSink<ByteBuf> sink) {
        byte[] bytes = ByteBufUtil.getBytes(piece);
        meter.piece(bytes, bytes.length);
        if (passing) {
            meter.count(bytes, bytes.length);
            finishWhenWhole();
            sink.next(piece.retain());
            return;
        }
        CompositeByteBuf all = held;
        if (all == null) {
            all = ByteBufAllocator.DEFAULT.compositeBuffer(64);
            held = all;
        }
        all.addComponent(true, piece.retain());
        if (all.readableBytes() > HELD_AT_MOST) {
            passing = true;
            held = null;
            count(all);
            finishWhenWhole();
            sink.next(all);
        }
    }

    private void finishWhenWhole() {
        if (!ended && meter.whole()) {
            ended = true;
            call.completed(reply.status());
        }
    }

    private Mono<ByteBuf> end() {
        if (!meter.whole()) {
            return Mono.error(new Failure(Failure.Kind.NOT_THE_PROTOCOL, "the answer is not whole"));
        }
        CompositeByteBuf all = held;
        if (all != null && meter.isError(ByteBufUtil.getBytes(all))) {
            return Mono.error(new Failure(Failure.Kind.SERVER_ERROR, "an error with the status of an answer"));
        }
        if (all != null && !meter.metered()) {
            count(all);
        }
        held = null;
        finishWhenWhole();
        return Mono.justOrEmpty(all);
    }

    private void count(ByteBuf answer) {
        byte[] bytes = ByteBufUtil.getBytes(answer);
        meter.count(bytes, bytes.length);
    }

    private Mono<ByteBuf> broken(Throwable error) {
        if (call.begun() && !ended) {
            Attempts.broken(call, error);
        }
        return Mono.error(Upstream.failure(error));
    }

    private void release() {
        CompositeByteBuf rest = held;
        held = null;
        if (rest != null) {
            count(rest); // a caller who leaves pays for what had come
            rest.release();
        }
    }
}
