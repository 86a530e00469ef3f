package dev.sluice.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Many streams open at once, each on a connection of its own, opened evenly over some time. */
final class StreamLoad {
    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);

    /**
     * Multiples of it spread evenly over an interval, whatever their number: the streams' chunks come one by one, as
     * those of strangers do, not in step.
     */
    private static final double GOLDEN = 0.618_033_988_749_895;

    private final ByteBuf request;
    /** Role and content chunks of one whole stream, the finish chunk and the end mark. */
    private final int expectedEvents;

    private final CountDownLatch open;
    private volatile long events;
    private volatile long headed;
    private volatile long whole;
    private volatile long broken;
    private volatile String firstFailure = "";

    StreamLoad(EventLoopGroup loop, Target target, int streams, int chunks, int intervalMillis, int rampMillis) {
        request = target.streamRequest(chunks, intervalMillis);
        expectedEvents = target.events(chunks);
        open = new CountDownLatch(streams);
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
        for (int i = 0; i < streams; i++) {
            long delay = (long) rampMillis * 1_000 * i / streams + (long) (i * GOLDEN % 1 * intervalMillis * 1_000);
            loop.schedule(
                    () -> bootstrap.connect("127.0.0.1", target.port()).addListener(done -> {
                        if (!done.isSuccess()) {
                            fail(String.valueOf(done.cause()));
                        }
                    }),
                    delay,
                    TimeUnit.MICROSECONDS);
        }
    }

    /** Events received so far, over all streams. */
    long events() {
        return events;
    }

    /** Streams whose answer has begun. */
    long headed() {
        return headed;
    }

    /** Streams that ended as they should: every event, and the end mark last. */
    long whole() {
        return whole;
    }

    long broken() {
        return broken;
    }

    String firstFailure() {
        return firstFailure;
    }

    boolean awaitEnd(long seconds) throws InterruptedException {
        return open.await(seconds, TimeUnit.SECONDS);
    }

    @SuppressWarnings("NonAtomicOperationOnVolatileField") // one event loop
    private void fail(String why) {
        broken++;
        if (firstFailure.isEmpty()) {
            firstFailure = why;
        }
        open.countDown();
    }

    private final class Connection extends Http1Reader {
        private final byte[] tail = new byte[DONE.length];
        private boolean ended;
        private boolean good;
        private String head = "";
        private int seen;
        private int newlines;

        @Override
        public void channelActive(ChannelHandlerContext context) {
            context.writeAndFlush(request.duplicate());
        }

        @Override
        @SuppressWarnings("NonAtomicOperationOnVolatileField")
        void head(ChannelHandlerContext context, String text) {
            head = text;
            good = text.startsWith("HTTP/1.1 200");
            headed++;
        }

        @Override
        @SuppressWarnings("NonAtomicOperationOnVolatileField")
        void body(ByteBuf bytes, int index, int length) {
            int before = seen;
            for (int i = index; i < index + length; i++) {
                newlines = bytes.getByte(i) == '\n' ? newlines + 1 : 0;
                seen += newlines == 2 ? 1 : 0;
            }
            events += seen - before;
            int keep = Math.min(length, tail.length);
            System.arraycopy(tail, keep, tail, 0, tail.length - keep);
            bytes.getBytes(index + length - keep, tail, tail.length - keep, keep);
            if (!good && firstFailure.isEmpty()) {
                firstFailure = head + bytes.toString(index, length, StandardCharsets.UTF_8);
            }
        }

        @Override
        @SuppressWarnings("NonAtomicOperationOnVolatileField")
        void end(ChannelHandlerContext context) {
            ended = true;
            if (good && seen == expectedEvents && java.util.Arrays.equals(tail, DONE)) {
                whole++;
                open.countDown();
            } else {
                fail("a stream ended after " + seen + " of " + expectedEvents + " events with \""
                        + new String(tail, StandardCharsets.UTF_8).strip() + "\"; " + head.lines().findFirst().orElse(""));
            }
            context.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (!ended) {
                fail("a stream's connection ended after " + seen + " of " + expectedEvents + " events");
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
