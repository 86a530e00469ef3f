package dev.sluice.relay;

import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;

/** Reads a body once, whole, within a limit that counts after decompression. */
final class RequestBody {
    private RequestBody() {}

    static Mono<byte[]> read(HttpServerRequest request, int limit) {
        HttpHeaders headers = request.requestHeaders();
        String declared = headers.get("content-length");
        if (declared != null && declared.length() > 9 || declared != null && number(declared) > limit) {
            return Mono.error(tooLarge(limit));
        }
        Collected collected = new Collected(declared == null ? 1024 : Math.max(0, number(declared)), limit);
        String encoding = headers.get("content-encoding", "identity").strip().toLowerCase(Locale.ROOT);
        return collect(request.receive(), collected).map(bytes -> plain(bytes, encoding, limit));
    }

    /** The bytes of a body that was not asked for as a stream, at most so many of them. */
    static Mono<byte[]> upTo(Flux<ByteBuf> body, int limit) {
        return collect(body, new Collected(1024, limit));
    }

    private static Mono<byte[]> collect(Flux<ByteBuf> body, Collected collected) {
        return body.doOnNext(piece -> Contained.run(() -> collected.add(piece)))
                .then(Mono.fromSupplier(() -> Contained.step(collected::bytes)));
    }

    private static final class Collected {
        private final int limit;
        private byte[] bytes;
        private int length;

        Collected(int expected, int limit) {
            this.bytes = new byte[expected];
            this.limit = limit;
        }

        void add(ByteBuf piece) {
            int more = piece.readableBytes();
            if (length + more > limit) {
                throw tooLarge(limit);
            }
            if (length + more > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.min(limit, Math.max(length + more, bytes.length * 2)));
            }
            piece.getBytes(piece.readerIndex(), bytes, length, more);
            length += more;
        }

        byte[] bytes() {
            return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
        }
    }

    private static byte[] plain(byte[] bytes, String encoding, int limit) {
        return switch (encoding) {
            case "identity", "" -> bytes;
            case "gzip", "x-gzip" -> inflated(bytes, limit, true);
            case "deflate" -> inflated(bytes, limit, false);
            default ->
                throw new Refusal(
                        Reason.UNSUPPORTED_ENCODING,
                        "The content encoding is not one this gateway reads (gzip, deflate, identity).");
        };
    }

    private static byte[] inflated(byte[] bytes, int limit, boolean gzip) {
        try (InputStream packed = new ByteArrayInputStream(bytes);
                InputStream plain = gzip ? new GZIPInputStream(packed) : new InflaterInputStream(packed)) {
            byte[] result = plain.readNBytes(limit + 1);
            if (result.length > limit) {
                throw tooLarge(limit);
            }
            return result;
        } catch (IOException e) {
            throw new Refusal(Reason.INVALID_JSON, "The body is not what its content encoding says.");
        }
    }

    private static int number(String digits) {
        try {
            return Integer.parseInt(digits.strip());
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    static Refusal tooLarge(int limit) {
        return new Refusal(
                Reason.REQUEST_TOO_LARGE, "The body is larger than " + limit / (1024 * 1024) + " MiB.", null, null);
    }

    static ByteBuf wrapped(byte[] bytes) {
        return Unpooled.wrappedBuffer(bytes);
    }
}
