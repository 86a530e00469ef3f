package dev.sluice.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Turns an event stream into the one JSON array that Google's clients get when they do not ask for events. */
final class ArrayFraming {
    private static final byte[] DATA = {'d', 'a', 't', 'a', ':'};

    private boolean begun;
    private boolean inData;
    private boolean behindColon;
    private int matched; // of DATA at the line's start; -1: the line is no data

    static Flux<ByteBuf> of(Flux<ByteBuf> events) {
        ArrayFraming framing = new ArrayFraming();
        return events.map(framing::piece).concatWith(Mono.fromSupplier(framing::end));
    }

    private ByteBuf piece(ByteBuf events) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(events.readableBytes() + 2);
        while (events.isReadable()) {
            take(events.readByte(), out);
        }
        events.release();
        return Unpooled.wrappedBuffer(out.toByteArray());
    }

    private void take(byte b, ByteArrayOutputStream out) {
        if (b == '\n' || b == '\r') {
            inData = false;
            matched = 0;
        } else if (inData) {
            if (!behindColon || b != ' ') {
                out.write(b);
            }
            behindColon = false;
        } else if (matched >= 0 && DATA[matched] == b) {
            if (++matched == DATA.length) {
                inData = true;
                behindColon = true;
                out.writeBytes((begun ? ",\r\n" : "[").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                begun = true;
            }
        } else {
            matched = -1;
        }
    }

    private ByteBuf end() {
        return Unpooled.wrappedBuffer((begun ? "]" : "[]").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }
}
