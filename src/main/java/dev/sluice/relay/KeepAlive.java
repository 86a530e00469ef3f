package dev.sluice.relay;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import reactor.netty.http.server.HttpServerResponse;

/**
 * The comments in a stream that tell the caller, and every proxy before it, that the model only thinks. After each
 * interval in which nothing was sent one goes out, from before the first event on, straight to the caller's connection.
 * The first of them settles the status, so what goes wrong after it is told by an event ({@link Call#kept}).
 *
 * <p>It lives on the event loop of the caller's connection, where everything that is sent is written too: so a comment
 * stands between two events, and never after the call's end.
 */
final class KeepAlive implements Runnable {
    /** A comment is what each parser of events passes over, in any form, also before a form's first event. */
    private static final byte[] COMMENT = ": keep-alive\n\n".getBytes(StandardCharsets.US_ASCII);

    private final Call call;
    private final Channel channel;
    private final Duration interval;
    private volatile Future<?> next;
    private int seen;

    private KeepAlive(Call call, Channel channel, Duration interval) {
        this.call = call;
        this.channel = channel;
        this.interval = interval;
        this.next = schedule();
    }

    /** @param interval zero: none is kept alive */
    static void start(Call call, Duration interval) {
        if (interval.isZero() || !call.ask().stream() || call.visit().wantsArray()) {
            return;
        }
        call.visit()
                .request()
                .withConnection(connection -> call.keptBy(new KeepAlive(call, connection.channel(), interval)));
    }

    private Future<?> schedule() {
        return channel.eventLoop().schedule(this, interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void run() {
        if (!call.open() || !channel.isActive()) {
            return;
        }
        // A caller who does not read has enough to read; an event that is too large to hold must not be cut in two.
        if (call.pieces() == seen && channel.isWritable() && !call.midEvent()) {
            send();
        }
        seen = call.pieces();
        next = schedule();
    }

    private void send() {
        HttpServerResponse response = call.visit().response();
        if (!response.hasSentHeaders()) {
            call.kept();
            streamHead(response).sendHeaders().then().subscribe(sent -> {}, gone -> {});
        }
        channel.writeAndFlush(Unpooled.wrappedBuffer(COMMENT));
    }

    void stop() {
        next.cancel(false);
    }

    /** What stands above every stream of events. */
    static HttpServerResponse streamHead(HttpServerResponse response) {
        return response.status(200)
                .header("content-type", "text/event-stream")
                .header("cache-control", "no-cache")
                .header("x-accel-buffering", "no");
    }
}
