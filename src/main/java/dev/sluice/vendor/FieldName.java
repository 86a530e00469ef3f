package dev.sluice.vendor;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import reactor.core.publisher.Flux;

/**
 * Gives a field of JSON another name as the bytes go by, however they are cut. A name is known by its quotes and its
 * colon: in a text both quotes would be escaped.
 */
final class FieldName {
    private final byte[] from;
    private final byte[] to;

    FieldName(String from, String to) {
        this.from = quoted(from);
        this.to = quoted(to);
    }

    private static byte[] quoted(String name) {
        return ("\"" + name + "\"").getBytes(StandardCharsets.UTF_8);
    }

    Flux<ByteBuf> in(Flux<ByteBuf> body) {
        return Flux.defer(() -> {
            Pass pass = new Pass();
            return body.map(pass::take)
                    .concatWith(Flux.defer(() -> Flux.just(pass.rest())))
                    .filter(ByteBuf::isReadable);
        });
    }

    /** One body. */
    private final class Pass {
        private int matched; // bytes of the name that wait for the others, or for the colon
        private int blanks; // between the name and its colon

        ByteBuf take(ByteBuf piece) {
            ByteArrayOutputStream out = new ByteArrayOutputStream(piece.readableBytes() + from.length);
            for (int at = piece.readerIndex(); at < piece.writerIndex(); at++) {
                take(piece.getByte(at), out);
            }
            return Unpooled.wrappedBuffer(out.toByteArray());
        }

        private void take(byte b, ByteArrayOutputStream out) {
            if (matched == from.length) {
                if (b == ' ' && blanks < 16) {
                    blanks++;
                    return;
                }
                byte[] name = b == ':' ? to : from;
                give(name, name.length, out);
            } else if (matched > 0 && b != from[matched]) {
                give(from, matched, out);
            }
            if (b == from[matched]) { // of those behind a quote none is a quote, but the last
                matched++;
            } else {
                out.write(b);
            }
        }

        private void give(byte[] name, int length, ByteArrayOutputStream out) {
            out.write(name, 0, length);
            for (; blanks > 0; blanks--) {
                out.write(' ');
            }
            matched = 0;
        }

        ByteBuf rest() {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            give(from, matched, out);
            return Unpooled.wrappedBuffer(out.toByteArray());
        }
    }
}
