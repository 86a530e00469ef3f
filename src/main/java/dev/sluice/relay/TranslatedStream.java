package dev.sluice.relay;

import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Reply;
import dev.sluice.vendor.Upstream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SynchronousSink;

/**
 * Passes a vendor's event stream on in the caller's own form: for each piece that is read, whatever the caller gets for
 * it, at the caller's pace. Of the stream only the event that goes on is held. As with {@link EventStream}, the call
 * ends before its last event is sent, and a stream that breaks ends in an error event.
 */
final class TranslatedStream {
    /** How long a vendor may take to close its answer after its last event. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private final Call call;
    private final Reply reply;
    private final Translation translation;
    private byte[] scratch = new byte[1024];
    private boolean done;

    TranslatedStream(Call call, Reply reply, Translation translation) {
        this.call = call;
        this.reply = reply;
        this.translation = translation;
    }

    /** Errors only before anything was emitted; then another channel may be tried. */
    Flux<ByteBuf> body() {
        return reply.body()
                .<ByteBuf>handle((piece, sink) -> Contained.run(() -> pass(piece, sink)))
                .concatWith(Mono.defer(this::end))
                .onErrorResume(this::broken)
                .doFinally(signal -> reply.closed());
    }

    private void pass(ByteBuf piece, SynchronousSink<ByteBuf> sink) {
        if (done) {
            return;
        }
        int length = piece.readableBytes();
        if (scratch.length < length) {
            scratch = new byte[Math.max(length, scratch.length * 2)];
        }
        piece.getBytes(piece.readerIndex(), scratch, 0, length);
        translation.accept(scratch, length);
        Failure failure = translation.failure();
        if (translation.last()) {
            finish();
            reply.endWithin(GRACE);
        }
        byte[] taken = translation.taken();
        if (taken.length > 0) {
            call.pieceSent(false);
            sink.next(Unpooled.wrappedBuffer(taken));
        }
        if (failure != null) {
            sink.error(failure);
        }
    }

    private void finish() {
        done = true;
        call.tokenArrived();
        call.completed(200);
        translation.end();
    }

    /** The vendor closed its answer. */
    private Mono<ByteBuf> end() {
        if (done) {
            return Mono.empty();
        }
        boolean complete = translation.finished();
        Failure failure = translation.failure();
        if (failure != null) {
            return Mono.error(failure);
        }
        if (!complete) {
            return Mono.error(new Failure(Failure.Kind.NETWORK, "the stream ended too early"));
        }
        finish();
        return Mono.just(Unpooled.wrappedBuffer(translation.taken()));
    }

    private Mono<ByteBuf> broken(Throwable error) {
        if (done) {
            return Mono.empty(); // only the connection's end was missing
        }
        if (!call.begun()) {
            return Mono.error(Upstream.failure(error));
        }
        translation.end(Attempts.broken(call, error));
        return Mono.just(Unpooled.wrappedBuffer(translation.taken()));
    }
}
