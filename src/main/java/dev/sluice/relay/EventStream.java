package dev.sluice.relay;

import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Meter;
import dev.sluice.vendor.Reply;
import dev.sluice.vendor.Upstream;
import dev.sluice.wire.EventEnds;
import dev.sluice.wire.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
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

    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] BLANK_LINE = {'\n', '\n'};

    private final Call call;
    private final Reply reply;
    private final Meter meter;
    private final boolean hideUsage;
    private final EventEnds ends = new EventEnds();
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
                .handle(this::pass)
                .concatWith(Mono.defer(this::end))
                .onErrorResume(this::broken)
                .doFinally(signal -> release());
    }

    private void pass(ByteBuf piece, SynchronousSink<ByteBuf> sink) {
        if (done) {
            return; // whatever a vendor says after [DONE]
        }
        int from = piece.readerIndex();
        int to = piece.writerIndex();
        Selection selection = new Selection(piece, from);
        int at = from;
        while (at < to && !done) {
            int next = ends.next(piece, at, to);
            if (next < 0) {
                unfinished(piece, at, to, selection);
                break;
            }
            if (!event(piece, at, next, selection)) {
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

    /** One event that ends in this piece. False: it is the vendor's word that it cannot go on. */
    private boolean event(ByteBuf piece, int from, int to, Selection selection) {
        ByteBuf beginning = held;
        held = null;
        if (large) {
            meter.large(piece, from, to, true);
            large = false;
            return true;
        }
        if (beginning == null) {
            return judged(meter.event(piece, from, to), from, to, selection, null);
        }
        beginning.writeBytes(piece, from, to - from);
        Meter.Event kind = meter.event(beginning, beginning.readerIndex(), beginning.writerIndex());
        return judged(kind, from, to, selection, beginning);
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

    private void unfinished(ByteBuf piece, int from, int to, Selection selection) {
        if (large) {
            meter.large(piece, from, to, false);
            return;
        }
        ByteBuf beginning = held;
        if (beginning == null) {
            beginning = ByteBufAllocator.DEFAULT.buffer(Math.max(1024, (to - from) * 2));
        }
        beginning.writeBytes(piece, from, to - from);
        held = beginning;
        if (beginning.readableBytes() <= HELD_AT_MOST) {
            selection.dropFrom(from);
        } else {
            selection.leaveOut(from, to);
            meter.large(beginning, beginning.readerIndex(), beginning.writerIndex(), false);
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
            if (meter.event(rest, rest.readerIndex(), rest.writerIndex()) == Meter.Event.LAST) {
                finish();
                return Mono.just(rest);
            }
            rest.release();
        }
        if (meter.finished() && rest == null && !large) {
            finish(); // every choice came to its end; some vendors leave the last line out
            return Mono.just(Unpooled.wrappedBuffer(DONE));
        }
        return Mono.error(new Failure(Failure.Kind.NETWORK, "the stream ended too early"));
    }

    private Mono<ByteBuf> broken(Throwable error) {
        if (done) {
            return Mono.empty(); // only the connection's end was missing
        }
        if (!call.begun()) {
            return Mono.error(Upstream.failure(error));
        }
        Refusal refusal = Attempts.broken(call, error);
        ByteBuf event = ErrorBody.event(refusal);
        return Mono.just(large ? Unpooled.wrappedBuffer(Unpooled.wrappedBuffer(BLANK_LINE), event) : event);
    }

    private void release() {
        ByteBuf rest = held;
        held = null;
        if (rest != null) {
            rest.release();
        }
    }

    /** What of one read piece is passed on. As long as nothing is left out or joined, that is the piece itself. */
    private static final class Selection {
        private final ByteBuf piece;
        private int from; // of the run that passes and was not copied yet
        private int to = -1; // its end; -1: the piece's own
        private @Nullable ByteBuf copy;

        Selection(ByteBuf piece, int from) {
            this.piece = piece;
            this.from = from;
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
                target.writeBytes(piece, from, end - from);
                from = end;
            }
        }

        @Nullable
        ByteBuf taken() {
            int end = to < 0 ? piece.writerIndex() : to;
            if (copy == null) {
                return end <= from ? null : whole(end) ? piece.retain() : piece.retainedSlice(from, end - from);
            }
            copy(end);
            return copy;
        }

        private boolean whole(int end) {
            return from == piece.readerIndex() && end == piece.writerIndex();
        }
    }
}
