package dev.sluice.relay;

import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Meter;
import dev.sluice.vendor.Reply;
import dev.sluice.vendor.Upstream;
import dev.sluice.wire.Endpoint;
import dev.sluice.wire.EventEnds;
import dev.sluice.wire.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SynchronousSink;

/**
 * Passes a vendor's event stream on as it arrives. What is sent are whole events: usually the very buffer that was
 * read; an event that a read has cut in two waits for its other half, so that a stream which breaks never leaves half
 * an event behind. The usage chunk that only the gateway asked for is left out. The call ends before the last event is
 * sent; a stream that breaks ends in an error event and never in {@code [DONE]}.
 *
 * <p>Owner of the buffers: a piece read belongs to the connection unless it is retained here; what is emitted belongs to
 * whoever gets it; the half event that waits belongs to this class until it is emitted or {@link #release}d.
 */
final class EventStream {
    /** An event larger than this is not held back but passed on in pieces; real ones with usage are below 2 kB. */
    private static final int HELD_AT_MOST = 256 * 1024;

    /** How long a vendor may take to close its answer after its last event. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private static final byte[] BLANK_LINE = {'\n', '\n'};

    private final Call call;
    private final Reply reply;
    private final Meter meter;
    private final boolean hideUsage;
    private final EventEnds ends = new EventEnds();
    private byte[] scratch = new byte[512];
    private @Nullable ByteBuf held; // the beginning of an event that has not ended
    private boolean large; // the event that goes on was too large to hold, and its beginning was sent
    private boolean done;

    EventStream(Call call, Reply reply, Meter meter) {
        this.call = call;
        this.reply = reply;
        this.meter = meter;
        this.hideUsage = !call.ask().usageWanted();
    }

    /** Errors only before anything was emitted; then another channel may be tried. */
    Flux<ByteBuf> body() {
        return reply.body()
                .<ByteBuf>handle((piece, sink) -> Contained.run(() -> pass(piece, sink)))
                .concatWith(Mono.defer(this::end))
                .onErrorResume(this::broken)
                .doFinally(signal -> release());
    }

    private void pass(ByteBuf piece, SynchronousSink<ByteBuf> sink) {
        int length = piece.readableBytes();
        byte[] bytes = seen(piece, length);
        if (done) {
            // Whatever a vendor says after [DONE] is left out, but for the second half of its line end.
            if (length > 0 && ends.next(bytes, 0, 1) == 1) {
                sink.next(piece.retainedSlice(piece.readerIndex(), 1));
            }
            return;
        }
        Selection selection = new Selection(piece);
        int at = 0;
        while (at < length && !done) {
            int next = ends.next(bytes, at, length);
            if (next < 0) {
                unfinished(bytes, at, length, selection);
                break;
            }
            if (!event(bytes, at, next, selection)) {
                selection.dropFrom(at);
                emit(selection.taken(), sink);
                sink.error(new Failure(Failure.Kind.SERVER_ERROR, "the stream ended in an error"));
                return;
            }
            at = next;
        }
        if (done) {
            selection.dropFrom(at);
        }
        emit(selection.taken(), sink);
    }

    /** The bytes of a piece in an array, where looking at each is cheapest; it is used for every piece of the stream. */
    private byte[] seen(ByteBuf piece, int length) {
        if (scratch.length < length) {
            scratch = new byte[Math.max(length, scratch.length * 2)];
        }
        piece.getBytes(piece.readerIndex(), scratch, 0, length);
        return scratch;
    }

    /** One event that ends in this piece. False: it is the vendor's word that it cannot go on. */
    private boolean event(byte[] bytes, int from, int to, Selection selection) {
        ByteBuf beginning = held;
        held = null;
        if (large) {
            meter.large(bytes, from, to, true);
            large = false;
            return true;
        }
        if (beginning == null) {
            return judged(meter.event(bytes, from, to), from, to, selection, null);
        }
        beginning.writeBytes(bytes, from, to - from);
        return judged(meter(beginning), from, to, selection, beginning);
    }

    private Meter.Event meter(ByteBuf event) {
        byte[] bytes = ByteBufUtil.getBytes(event);
        return meter.event(bytes, 0, bytes.length);
    }

    private boolean judged(Meter.Event kind, int from, int to, Selection selection, @Nullable ByteBuf joined) {
        boolean pass = switch (kind) {
            case PART -> true;
            case USAGE_ONLY -> !hideUsage;
            case LAST -> {
                finish();
                yield true;
            }
            case ERROR -> false;
        };
        if (!pass || joined != null) {
            selection.leaveOut(from, to);
        }
        if (joined != null && pass) {
            selection.add(joined);
        } else if (joined != null) {
            joined.release();
        }
        return kind != Meter.Event.ERROR;
    }

    private void unfinished(byte[] bytes, int from, int to, Selection selection) {
        if (large) {
            meter.large(bytes, from, to, false);
            return;
        }
        ByteBuf beginning = held;
        if (beginning == null) {
            beginning = ByteBufAllocator.DEFAULT.buffer(Math.max(1024, (to - from) * 2));
        }
        beginning.writeBytes(bytes, from, to - from);
        held = beginning;
        if (beginning.readableBytes() <= HELD_AT_MOST) {
            selection.dropFrom(from);
        } else {
            selection.leaveOut(from, to);
            byte[] all = ByteBufUtil.getBytes(beginning);
            meter.large(all, 0, all.length, false);
            selection.add(beginning);
            held = null;
            large = true;
        }
    }

    /** The call ends before its last event is sent: what the caller saw whole is in the ledger. */
    private void finish() {
        done = true;
        call.tokenArrived();
        call.completed(200);
        reply.endWithin(GRACE);
    }

    private void emit(@Nullable ByteBuf selected, SynchronousSink<ByteBuf> sink) {
        if (selected != null) {
            call.pieceSent(large);
            sink.next(selected);
        }
    }

    /** The vendor closed its answer. */
    private Mono<ByteBuf> end() {
        if (done) {
            return Mono.empty();
        }
        ByteBuf rest = held;
        held = null;
        if (rest != null) {
            rest.writeBytes(BLANK_LINE); // the last event lacks the blank line that ends it
            Meter.Event kind = meter(rest);
            if (kind == Meter.Event.LAST
                    || kind == Meter.Event.PART && closing().isEmpty() && meter.finished()) {
                finish();
                return Mono.just(rest);
            }
            rest.release();
        }
        if (meter.finished() && rest == null && !large) {
            finish(); // every choice came to its end; some vendors leave the last line out, some forms have none
            return closing().isEmpty()
                    ? Mono.empty()
                    : Mono.just(Unpooled.wrappedBuffer(closing().getBytes(StandardCharsets.US_ASCII)));
        }
        return Mono.error(new Failure(Failure.Kind.NETWORK, "the stream ended too early"));
    }

    private String closing() {
        Endpoint endpoint = call.ask().endpoint();
        boolean none = endpoint.form() || endpoint.pictures(); // transcripts and pictures end with an event of theirs
        return none ? "" : call.visit().format().closing();
    }

    private Mono<ByteBuf> broken(Throwable error) {
        if (done) {
            return Mono.empty(); // only the connection's end was missing
        }
        if (!call.begun()) {
            return Mono.error(Upstream.failure(error));
        }
        Refusal refusal = Attempts.broken(call, error);
        ByteBuf event = Unpooled.wrappedBuffer(
                call.visit().format().broken(refusal, call.visit().id()));
        return Mono.just(large ? Unpooled.wrappedBuffer(Unpooled.wrappedBuffer(BLANK_LINE), event) : event);
    }

    private void release() {
        reply.closed();
        ByteBuf rest = held;
        held = null;
        if (rest != null) {
            rest.release();
        }
    }

    /** What of one read piece is passed on. As long as nothing is left out or joined, that is the piece itself. */
    private static final class Selection {
        private final ByteBuf piece;
        private int from; // of the run that passes and was not copied yet, counted from the piece's first byte
        private int to; // its end
        private @Nullable ByteBuf copy;

        Selection(ByteBuf piece) {
            this.piece = piece;
            this.to = piece.readableBytes();
        }

        void leaveOut(int start, int end) {
            copy(start);
            from = end;
        }

        void dropFrom(int end) {
            to = end;
        }

        /** Something from before this piece, in its place; it is owned from now on. */
        void add(ByteBuf before) {
            if (copy == null) {
                copy = before;
            } else {
                copy.writeBytes(before);
                before.release();
            }
        }

        private void copy(int end) {
            if (end > from) {
                ByteBuf target = copy;
                if (target == null) {
                    target = ByteBufAllocator.DEFAULT.buffer(piece.readableBytes());
                    copy = target;
                }
                target.writeBytes(piece, piece.readerIndex() + from, end - from);
                from = end;
            }
        }

        @Nullable
        ByteBuf taken() {
            if (copy != null) {
                copy(to);
                return copy;
            }
            if (to <= from) {
                return null;
            }
            boolean whole = from == 0 && to == piece.readableBytes();
            return whole ? piece.retain() : piece.retainedSlice(piece.readerIndex() + from, to - from);
        }
    }
}
