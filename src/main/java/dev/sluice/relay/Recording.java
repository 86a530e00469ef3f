package dev.sluice.relay;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** The copy of an answer on its way to its caller. It is kept when the answer was whole, and no larger than what is kept. */
final class Recording {
    private final Call call;
    private final String type;
    private final ResponseCache.Place place;
    private byte @Nullable [] bytes = new byte[4096];
    private int length;

    private Recording(Call call, String type, ResponseCache.Place place) {
        this.call = call;
        this.type = type;
        this.place = place;
    }

    /** The same answer, recorded where it is to be kept. */
    static Flux<ByteBuf> of(Call call, String type, Flux<ByteBuf> answer) {
        ResponseCache.Place place = place(call);
        if (place == null) {
            return answer;
        }
        Recording recording = new Recording(call, type, place);
        return answer.doOnNext(recording::add).doOnComplete(recording::keep);
    }

    /** An answer that is there at once. */
    static void whole(Call call, String type, ByteBuf answer) {
        ResponseCache.Place place = place(call);
        if (place != null) {
            Recording recording = new Recording(call, type, place);
            recording.add(answer);
            recording.keep();
        }
    }

    /** A model that stands in for another answers in that one's name only as long as it must. */
    private static ResponseCache.@Nullable Place place(Call call) {
        boolean own = call.model().equals(call.ask().model());
        return own ? call.place() : null;
    }

    private void add(ByteBuf piece) {
        byte[] before = bytes;
        if (before == null) {
            return;
        }
        int more = piece.readableBytes();
        if (length + more > place.largest()) {
            bytes = null;
            return;
        }
        byte[] after = length + more <= before.length
                ? before
                : Arrays.copyOf(before, Math.max(length + more, before.length * 2));
        piece.getBytes(piece.readerIndex(), after, length, more);
        length += more;
        bytes = after;
    }

    private void keep() {
        byte[] all = bytes;
        KeptAnswer answer = all == null ? null : call.kept(Arrays.copyOf(all, length), type);
        if (answer != null) {
            place.keep(answer);
        }
    }
}
