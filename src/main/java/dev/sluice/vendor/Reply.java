package dev.sluice.vendor;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.timeout.ReadTimeoutException;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.netty.Connection;
import reactor.netty.NettyPipeline;
import reactor.netty.http.client.HttpClientResponse;

/**
 * A vendor's answer whose head has arrived. Whoever holds it either reads the body to its end or cancels it, or calls
 * {@link #abandon}; until then the connection is taken.
 */
public final class Reply {
    private final HttpClientResponse response;
    private final Connection connection;
    private final Overrides overrides;
    private final Duration idle;
    private final Duration firstByte;
    private @Nullable FieldName renamed;
    private @Nullable Future<?> end;
    private @Nullable Future<?> closing;

    Reply(HttpClientResponse response, Connection connection, Overrides overrides, Duration firstByte, Duration idle) {
        this.response = response;
        this.connection = connection;
        this.overrides = overrides;
        this.firstByte = firstByte;
        this.idle = idle;
    }

    /** The vendor's, or what the channel's operator takes it for. */
    public int status() {
        return overrides.status(response.status().code());
    }

    public HttpHeaders headers() {
        return response.responseHeaders();
    }

    /** The media type without its parameters, in lower case; empty when there is none. */
    public String contentType() {
        String type = headers().get("content-type", "");
        int end = type.indexOf(';');
        return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(java.util.Locale.ROOT);
    }

    /** The body as it arrives. A piece belongs to whoever retains it; cancelling closes the connection. */
    public Flux<ByteBuf> body() {
        Future<?> bound = end;
        FieldName name = renamed;
        Flux<ByteBuf> received = connection.inbound().receive();
        Flux<ByteBuf> all = name == null ? received : name.in(received);
        return bound == null ? all : all.doFinally(signal -> bound.cancel(false));
    }

    /** A field of its body has another name from here on; null: none has. */
    void renames(@Nullable FieldName name) {
        renamed = name;
    }

    /** From the first piece on, the time between two pieces counts. */
    public void started() {
        if (!idle.equals(firstByte)
                && connection.channel().pipeline().get(NettyPipeline.ResponseTimeoutHandler) != null) {
            connection
                    .channel()
                    .pipeline()
                    .replace(
                            NettyPipeline.ResponseTimeoutHandler,
                            NettyPipeline.ResponseTimeoutHandler,
                            new ReadTimeoutHandler(idle.toMillis(), TimeUnit.MILLISECONDS));
        }
    }

    /** The answer is complete; a vendor that does not close it in time is not waited for, unless it is {@link #closed} before. */
    public void endWithin(Duration grace) {
        closing = connection.channel().eventLoop().schedule(this::breakOff, grace.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Its body has ended: the connection may serve another call, and is not ours to end. */
    public void closed() {
        Future<?> waiting = closing;
        if (waiting != null) {
            waiting.cancel(false);
        }
    }

    /** Whatever is still to come by then is not waited for. */
    void endBy(long begunNanos, int totalMs) {
        long left = TimeUnit.MILLISECONDS.toNanos(totalMs) - (System.nanoTime() - begunNanos);
        end = connection.channel().eventLoop().schedule(this::timeUp, left, TimeUnit.NANOSECONDS);
    }

    /** Only while the body is read: when it has ended, the connection may serve another call. */
    private void timeUp() {
        connection.channel().pipeline().fireExceptionCaught(ReadTimeoutException.INSTANCE);
        connection.channel().close();
    }

    /** Ends it as if the vendor had: whoever reads the body gets an error. */
    public void breakOff() {
        connection.channel().close();
    }

    public void abandon() {
        connection.dispose();
    }
}
