package dev.sluice.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Plain calls on some keep-alive connections, one at a time on each: the next follows when the last is answered, or, at
 * a fixed rate, when its time has come too.
 */
final class PlainLoad implements AutoCloseable {
    private final List<Channel> channels = new ArrayList<>();
    private final ByteBuf request;
    private final Latencies latencies = new Latencies();
    private volatile long calls;
    private volatile long failed;
    private volatile String firstFailure = "";
    private volatile boolean stopping;

    /** Between two calls of one connection; 0: none. */
    private final long intervalNanos;

    /** @param callsPerSecond over all connections; 0: as fast as they are answered */
    PlainLoad(EventLoopGroup loop, Target target, int connections, int callsPerSecond) throws InterruptedException {
        intervalNanos = callsPerSecond == 0 ? 0 : 1_000_000_000L * connections / callsPerSecond;
        request = target.plainRequest();
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .channel(Loop.client())
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new Connection());
                    }
                });
        for (int i = 0; i < connections; i++) {
            channels.add(bootstrap.connect("127.0.0.1", target.port()).sync().channel());
        }
    }

    long calls() {
        return calls;
    }

    long failed() {
        return failed;
    }

    String firstFailure() {
        return firstFailure;
    }

    /** To be read when the load has stopped. */
    Latencies latencies() {
        return latencies;
    }

    @Override
    public void close() throws InterruptedException {
        stopping = true;
        for (Channel channel : channels) {
            channel.close().sync();
        }
    }

    /** All run on the one event loop, so the plain counters are safe. */
    private final class Connection extends Http1Reader {
        private long due;
        private long sent;
        private boolean good;
        private String head = "";

        @Override
        public void channelActive(ChannelHandlerContext context) {
            due = System.nanoTime();
            send(context);
        }

        private void sendWhenDue(ChannelHandlerContext context) {
            due = Math.max(System.nanoTime(), due + intervalNanos);
            long wait = due - System.nanoTime();
            if (wait <= 0) {
                send(context);
            } else {
                context.executor().schedule(() -> send(context), wait, TimeUnit.NANOSECONDS);
            }
        }

        private void send(ChannelHandlerContext context) {
            sent = System.nanoTime();
            context.writeAndFlush(request.duplicate());
        }

        @Override
        void head(ChannelHandlerContext context, String text) {
            head = text;
            good = text.startsWith("HTTP/1.1 200");
        }

        @Override
        void body(ByteBuf bytes, int index, int length) {
            if (!good && firstFailure.isEmpty()) {
                firstFailure = head + bytes.toString(index, length, java.nio.charset.StandardCharsets.UTF_8);
            }
        }

        @Override
        @SuppressWarnings("NonAtomicOperationOnVolatileField")
        void end(ChannelHandlerContext context) {
            latencies.add(System.nanoTime() - sent);
            if (good) {
                calls++;
            } else {
                failed++;
            }
            if (!stopping) {
                sendWhenDue(context);
            }
        }

        @Override
        @SuppressWarnings("NonAtomicOperationOnVolatileField")
        public void channelInactive(ChannelHandlerContext context) {
            if (!stopping) {
                failed++;
                if (firstFailure.isEmpty()) {
                    firstFailure = "connection closed";
                }
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            if (firstFailure.isEmpty()) {
                firstFailure = cause.toString();
            }
            context.close();
        }
    }
}
