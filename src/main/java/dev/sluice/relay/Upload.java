package dev.sluice.relay;

import dev.sluice.format.PromptCount;
import dev.sluice.wire.FormScan;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.server.HttpServerRequest;

/**
 * A form on its way from the caller to a vendor, such as a recording or a picture. It is read until its {@code model} is
 * known. A small one is then in memory; of a larger one that has named its model the rest goes through as it comes, at
 * the vendor's pace; one that names its model behind a large file waits in a file that has no name and so goes with the
 * process. What is in memory or in a file can be sent again, what went through cannot. Lives on the caller's event loop.
 */
final class Upload {
    private static final int IN_MEMORY_AT_MOST = 512 * 1024;
    private static final int CHUNK = 64 * 1024;
    private static final int BYTES_A_SECOND_AT_LEAST = 200;

    /** 32 kbit a second, in bytes: what voice recorders and Opus make of speech. */
    private static final int COMPRESSED_SPEECH = 4_000;

    private final HttpServerRequest request;
    private final EventLoop loop;
    private final long limit;
    private final Duration patience;
    private final FormScan scan;
    private final long declared;
    private final Sinks.One<Upload> known = Sinks.one();
    private final Reader reader = new Reader();
    private ByteArrayOutputStream held = new ByteArrayOutputStream(8 * 1024);
    private @Nullable Spool spool;
    private Sinks.@Nullable Many<ByteBuf> passing;
    private boolean whole;
    private boolean taken;
    private boolean closed;
    private long length;
    private long seen;
    private int soundRate; // bytes a second; 0: it is not known
    private @Nullable Future<?> watch;

    /** @throws Refusal when it is no form, or larger than the limit */
    Upload(HttpServerRequest request, EventLoop loop, long limit, Duration patience) {
        this.request = request;
        this.loop = loop;
        this.limit = limit;
        this.patience = patience;
        String encoding = request.requestHeaders().get("content-encoding", "identity");
        if (!encoding.strip().equalsIgnoreCase("identity")) {
            throw new Refusal(
                    Reason.UNSUPPORTED_ENCODING,
                    "A form is taken without a content encoding.",
                    "content-encoding",
                    null);
        }
        this.scan = FormScan.of(contentType());
        this.declared = number(request.requestHeaders().get("content-length"));
        if (declared > limit) {
            throw RequestBody.tooLarge((int) limit);
        }
    }

    private static long number(@Nullable String digits) {
        try {
            return digits == null ? -1 : Long.parseLong(digits.strip());
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    String contentType() {
        return request.requestHeaders().get("content-type", "");
    }

    /** This, once its model is known and it can be sent. */
    Mono<Upload> known() {
        return known.asMono().doOnSubscribe(begun -> {
            request.receive().subscribe(reader);
            watch();
        });
    }

    String model() {
        String model = scan.model();
        if (model == null) {
            throw new IllegalStateException("the model is not known yet");
        }
        return model;
    }

    boolean stream() {
        return scan.stream();
    }

    /** What may be asked for it before anybody has looked at it: sound and pictures have some token a kilobyte. */
    long promptEstimate() {
        return 1_000 + Math.max(declared, length) / 1_000;
    }

    /** How long a recording of this size is, as far as its head tells. */
    long soundEstimateMillis() {
        return Math.max(declared, length) * 1_000 / (soundRate == 0 ? COMPRESSED_SPEECH : soundRate);
    }

    /** Whether it can be sent, again or for the first time. */
    boolean sendable() {
        return whole || !taken;
    }

    /** How many bytes {@link #body} has; -1: nobody knows yet. */
    long length(String model) {
        long all = whole ? length : declared;
        return all < 0 ? -1 : all - (scan.modelTo() - scan.modelFrom()) + bytes(model).length;
    }

    /** @param model what the vendor calls it */
    Flux<ByteBuf> body(String model) {
        Spool file = spool;
        Flux<ByteBuf> before;
        Flux<ByteBuf> after;
        if (file != null) {
            before = file.read(0, scan.modelFrom());
            after = file.read(scan.modelTo(), length);
        } else {
            byte[] start = held.toByteArray();
            int from = (int) scan.modelFrom();
            int to = (int) scan.modelTo();
            before = Flux.just(Unpooled.wrappedBuffer(start, 0, from));
            after = Flux.just(Unpooled.wrappedBuffer(start, to, start.length - to));
        }
        Flux<ByteBuf> rest = whole ? Flux.empty() : Flux.defer(this::rest);
        return Flux.concat(before, Mono.just(Unpooled.wrappedBuffer(bytes(model))), after, rest);
    }

    private static byte[] bytes(String model) {
        return model.getBytes(StandardCharsets.UTF_8);
    }

    /** What has not come yet, as it comes: the vendor's demand is the caller's. */
    private Flux<ByteBuf> rest() {
        if (whole) {
            return Flux.empty();
        }
        taken = true;
        Sinks.Many<ByteBuf> sink = Sinks.many().unicast().onBackpressureBuffer();
        passing = sink;
        return sink.asFlux()
                .doOnRequest(demand -> loop.execute(() -> reader.request(demand)))
                .doOnDiscard(ByteBuf.class, ByteBuf::release);
    }

    /** Everything it has is given back. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        unwatch();
        reader.cancel();
        Sinks.Many<ByteBuf> sink = passing;
        if (sink != null && !whole) {
            sink.tryEmitError(new IOException("the caller left"));
        }
        held = new ByteArrayOutputStream(0);
        Spool file = spool;
        if (file != null) {
            file.close();
        }
    }

    private void watch() {
        if (!patience.isZero()) {
            watch = loop.schedule(this::look, patience.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void look() {
        if (length - seen < Math.max(1, patience.toSeconds() * BYTES_A_SECOND_AT_LEAST)) {
            reader.fail(new Refusal(Reason.REQUEST_TIMEOUT, "The body comes too slowly."));
        } else {
            seen = length;
            watch();
        }
    }

    private void unwatch() {
        Future<?> task = watch;
        if (task != null) {
            task.cancel(false);
        }
    }

    /** Takes the caller's bytes, one piece at a time until the model is known. */
    private final class Reader extends BaseSubscriber<ByteBuf> {
        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            subscription.request(1);
        }

        @Override
        protected void hookOnNext(ByteBuf piece) {
            try {
                Contained.run(() -> take(piece));
            } catch (RuntimeException e) {
                fail(e);
            }
        }

        private void take(ByteBuf piece) {
            byte[] bytes = ByteBufUtil.getBytes(piece);
            length += bytes.length;
            if (length > limit) {
                throw RequestBody.tooLarge((int) limit);
            }
            scan.accept(bytes);
            if (soundRate == 0 && length - bytes.length < CHUNK) {
                soundRate = PromptCount.soundRate(bytes);
            }
            Sinks.Many<ByteBuf> sink = passing;
            if (sink != null) {
                ByteBuf passed = Unpooled.wrappedBuffer(bytes);
                if (sink.tryEmitNext(passed).isFailure()) {
                    passed.release();
                }
                return;
            }
            Spool file = spool;
            if (file == null && held.size() + bytes.length > IN_MEMORY_AT_MOST && scan.model() == null) {
                file = new Spool();
                spool = file;
                file.write(held.toByteArray(), () -> {});
                held = new ByteArrayOutputStream(0);
            }
            if (file != null) {
                file.write(bytes, () -> loop.execute(() -> request(1)));
                return;
            }
            held.writeBytes(bytes);
            if (held.size() > IN_MEMORY_AT_MOST) {
                found();
            } else {
                request(1);
            }
        }

        @Override
        protected void hookOnComplete() {
            try {
                scan.end();
                String model = scan.model();
                if (model == null || model.isBlank()) {
                    throw new Refusal(Reason.MISSING_PARAMETER, "The form names no 'model'.", "model", null);
                }
            } catch (Refusal refusal) {
                fail(refusal);
                return;
            }
            whole = passing == null;
            if (passing != null) {
                passing.tryEmitComplete();
            } else if (spool != null) {
                spool.write(new byte[0], () -> loop.execute(Upload.this::found));
            } else {
                found();
            }
        }

        @Override
        protected void hookOnError(Throwable error) {
            fail(error);
        }

        void fail(Throwable error) {
            cancel();
            unwatch();
            known.tryEmitError(error);
            Sinks.Many<ByteBuf> sink = passing;
            if (sink != null) {
                sink.tryEmitError(error);
            }
        }
    }

    private void found() {
        unwatch();
        known.tryEmitValue(this);
    }

    /**
     * A file without a name. Its reads and writes block, which is what {@code boundedElastic} is for; they are of a
     * {@link RandomAccessFile}, since a thread that is interrupted, as a cancelled one is, would close a channel.
     */
    private final class Spool {
        private final Scheduler.Worker worker = Schedulers.boundedElastic().createWorker();
        private @Nullable RandomAccessFile file;

        void write(byte[] bytes, Runnable then) {
            worker.schedule(() -> {
                try {
                    synchronized (this) {
                        RandomAccessFile open = opened();
                        open.seek(open.length());
                        open.write(bytes);
                    }
                    then.run();
                } catch (IOException e) {
                    loop.execute(() -> reader.fail(new UncheckedIOException("a form cannot be kept", e)));
                }
            });
        }

        private RandomAccessFile opened() throws IOException {
            RandomAccessFile open = file;
            if (open == null) {
                Path path = Files.createTempFile("sluice-upload", null);
                open = new RandomAccessFile(path.toFile(), "rw");
                Files.delete(path);
                file = open;
            }
            return open;
        }

        Flux<ByteBuf> read(long from, long to) {
            return Flux.<ByteBuf, Long>generate(() -> from, (at, sink) -> {
                        if (at >= to) {
                            sink.complete();
                            return at;
                        }
                        byte[] chunk = chunk(at, (int) Math.min(CHUNK, to - at));
                        sink.next(Unpooled.wrappedBuffer(chunk));
                        return at + chunk.length;
                    })
                    .subscribeOn(Schedulers.boundedElastic());
        }

        private byte[] chunk(long at, int size) {
            byte[] chunk = new byte[size];
            try {
                synchronized (this) {
                    RandomAccessFile open = opened();
                    open.seek(at);
                    open.readFully(chunk);
                }
                return chunk;
            } catch (IOException e) {
                throw new UncheckedIOException("a form cannot be read again", e);
            }
        }

        void close() {
            worker.schedule(() -> {
                try {
                    synchronized (this) {
                        RandomAccessFile open = file;
                        if (open != null) {
                            open.close();
                        }
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } finally {
                    worker.dispose();
                }
            });
        }
    }
}
