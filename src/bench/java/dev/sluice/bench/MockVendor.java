package dev.sluice.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * A vendor that costs next to nothing: a plain call is answered at once, or after the milliseconds of its field {@code bench_delay_ms}; a streamed one gets as many chunks, at such an
 * interval, as the fields {@code bench_chunks} and {@code bench_interval_ms} of its body say. Its answers are made
 * once. A program of its own; it writes its port to the file that it is given.
 */
final class MockVendor {
    private static final String CHUNK_HEAD =
            "data: {\"id\":\"chatcmpl-B1\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"bench\",";
    private static final ByteBuf PLAIN = ready(plain());
    private static final ByteBuf STREAM_HEAD = ready("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
            + "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n");
    private static final ByteBuf CHUNK = ready(chunked(CHUNK_HEAD
            + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" benchmark\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n"));
    private static final String FINISH =
            CHUNK_HEAD + "\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n";
    private static final String USAGE = CHUNK_HEAD
            + "\"choices\":[],\"usage\":{\"prompt_tokens\":19,\"completion_tokens\":20,\"total_tokens\":39}}\n\n";
    private static final String DONE = "data: [DONE]\n\n";
    private static final ByteBuf END = ready(chunked(FINISH) + chunked(DONE) + "0\r\n\r\n");
    private static final ByteBuf END_WITH_USAGE =
            ready(chunked(FINISH) + chunked(USAGE) + chunked(DONE) + "0\r\n\r\n");

    /** The model whose name goes on with the number of chunks and their interval, and which is answered in Anthropic's form. */
    static final String OTHER_FORM = "claude-bench";

    private static final ByteBuf OTHER_BEGIN = ready(chunked(
            event("message_start", "\"message\":{\"id\":\"msg_B1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"bench\",\"content\":[],"
                            + "\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":19,\"output_tokens\":1}}")
                    + event("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")));
    private static final ByteBuf OTHER_CHUNK = ready(chunked(
            event("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" benchmark\"}")));
    private static final ByteBuf OTHER_END = ready(chunked(event("content_block_stop", "\"index\":0")
                    + event("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":20}")
                    + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
            + "0\r\n\r\n");

    private MockVendor() {}

    private static String event(String type, String fields) {
        return "event: " + type + "\ndata: {\"type\":\"" + type + "\"," + fields + "}\n\n";
    }

    public static void main(String[] arguments) throws Exception {
        Channel server = new ServerBootstrap()
                .group(Loop.one())
                .channel(Loop.server())
                .option(ChannelOption.SO_BACKLOG, 4096)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new Connection());
                    }
                })
                .bind("127.0.0.1", 0)
                .sync()
                .channel();
        Path port = Path.of(arguments[0]);
        Files.writeString(port, String.valueOf(((InetSocketAddress) server.localAddress()).getPort()));
        server.closeFuture().sync();
    }

    private static String plain() {
        String json = "{\"id\":\"chatcmpl-B1\",\"object\":\"chat.completion\",\"created\":1760000000,\"model\":\"bench\","
                + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello! How can I help you"
                + " today?\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
                + "\"usage\":{\"prompt_tokens\":19,\"completion_tokens\":10,\"total_tokens\":29,"
                + "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
                + "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0}},"
                + "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\"}";
        return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + json.length() + "\r\n\r\n" + json;
    }

    private static String chunked(String text) {
        return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }

    private static ByteBuf ready(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return Unpooled.unreleasableBuffer(Unpooled.directBuffer(bytes.length).writeBytes(bytes));
    }

    /** One caller's connection; one request at a time. */
    private static final class Connection extends Http1Reader {
        private final StringBuilder body = new StringBuilder();
        private ScheduledFuture<?> ticking;

        @Override
        void head(ChannelHandlerContext context, String head) {
            body.setLength(0);
        }

        @Override
        void body(ByteBuf bytes, int index, int length) {
            body.append(bytes.getCharSequence(index, length, UTF_8));
        }

        @Override
        void end(ChannelHandlerContext context) {
            int other = body.indexOf(OTHER_FORM + "-");
            if (other >= 0) {
                String numbers = body.substring(other + OTHER_FORM.length() + 1, body.indexOf("\"", other));
                int dash = numbers.indexOf('-');
                context.write(STREAM_HEAD.duplicate());
                context.write(OTHER_BEGIN.duplicate());
                stream(
                        context,
                        Long.parseLong(numbers.substring(0, dash)),
                        Long.parseLong(numbers.substring(dash + 1)),
                        OTHER_CHUNK,
                        OTHER_END);
                return;
            }
            long chunks = number("\"bench_chunks\":");
            if (chunks < 0) {
                long delay = number("\"bench_delay_ms\":");
                if (delay < 0) {
                    context.writeAndFlush(PLAIN.duplicate());
                } else {
                    context.executor()
                            .schedule(() -> context.writeAndFlush(PLAIN.duplicate()), delay, TimeUnit.MILLISECONDS);
                }
                return;
            }
            boolean usage = body.indexOf("\"include_usage\":true") >= 0;
            context.write(STREAM_HEAD.duplicate());
            stream(context, chunks, number("\"bench_interval_ms\":"), CHUNK, usage ? END_WITH_USAGE : END);
        }

        private void stream(ChannelHandlerContext context, long chunks, long interval, ByteBuf chunk, ByteBuf end) {
            long[] left = {chunks};
            context.writeAndFlush(chunk.duplicate());
            ticking = context.executor()
                    .scheduleAtFixedRate(() -> tick(context, left, chunk, end), interval, interval, TimeUnit.MILLISECONDS);
        }

        private void tick(ChannelHandlerContext context, long[] left, ByteBuf chunk, ByteBuf end) {
            if (--left[0] > 0) {
                context.writeAndFlush(chunk.duplicate());
                return;
            }
            stop();
            context.writeAndFlush(end.duplicate());
        }

        private void stop() {
            if (ticking != null) {
                ticking.cancel(false);
                ticking = null;
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            stop();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }

        private long number(String field) {
            int at = body.indexOf(field);
            if (at < 0) {
                return -1;
            }
            long value = 0;
            for (int i = at + field.length(); i < body.length() && Character.isDigit(body.charAt(i)); i++) {
                value = value * 10 + body.charAt(i) - '0';
            }
            return value;
        }
    }
}
