package dev.sluice.relay;

import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.http.server.HttpServerRequest;

/** Reads a body once, whole, within a limit that counts after decompression. */
final class RequestBody {
    private RequestBody() {}

    /** @param patience in each such time some of the body must come, or 408 is the answer; zero: it may take for ever */
    static Mono<byte[]> read(HttpServerRequest request, int limit, EventLoop loop, Duration patience) {
        HttpHeaders headers = request.requestHeaders();
        String declared = headers.get("content-length");
        if (declared != null && declared.length() > 9 || declared != null && number(declared) > limit) {
            return Mono.error(tooLarge(limit));
        }
        Collected collected = new Collected(declared == null ? 1024 : Math.max(0, number(declared)), limit);
        String encoding = headers.get("content-encoding", "identity").strip().toLowerCase(Locale.ROOT);
        Mono<byte[]> whole = collect(request.receive(), collected);
        Mono<byte[]> inTime = patience.isZero() ? whole : new Watch(collected, loop, patience).over(whole);
        return inTime.map(bytes -> plain(bytes, encoding, limit));
    }

    /** The look at a body that comes slowly: one task for nearly every body, however many pieces it comes in. */
    private static final class Watch implements Runnable {
        /** A thirtieth of the slowest telephone line that anybody still calls by. */
        private static final int BYTES_A_SECOND = 200;

        private final Collected collected;
        private final EventLoop loop;
        private final Duration patience;
        private final Sinks.One<byte[]> tooSlow = Sinks.one();
        private int seen;
        private @Nullable Future<?> next;

        Watch(Collected collected, EventLoop loop, Duration patience) {
            this.collected = collected;
            this.loop = loop;
            this.patience = patience;
        }

        Mono<byte[]> over(Mono<byte[]> whole) {
            return whole.or(tooSlow.asMono()).doOnSubscribe(begun -> schedule()).doFinally(signal -> stop());
        }

        private void schedule() {
            next = loop.schedule(this, patience.toMillis(), TimeUnit.MILLISECONDS);
        }

        private void stop() {
            Future<?> task = next;
            if (task != null) {
                task.cancel(false);
            }
        }

        @Override
        public void run() {
            long least = Math.max(1, patience.toSeconds() * BYTES_A_SECOND);
            if (collected.length - seen < least) {
                tooSlow.tryEmitError(new Refusal(Reason.REQUEST_TIMEOUT, "The body comes too slowly."));
            } else {
                seen = collected.length;
                schedule();
            }
        }
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
