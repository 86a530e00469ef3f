package dev.sluice.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * Reads HTTP/1.1 messages off a connection and makes no object a byte range: the load tool and the mock share a core,
 * and what they burn there slows the measurement down. It knows {@code Content-Length} and chunked bodies, and no more.
 */
abstract class Http1Reader extends ChannelInboundHandlerAdapter {
    private enum State {
        HEAD,
        LENGTH,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        LAST_LINE,
    }

    private State state = State.HEAD;
    private byte[] head = new byte[2048];
    private int headLength;
    private long left;
    /** Digits of the chunk's size seen so far; -1 after an extension began. */
    private long size;

    private boolean sizeEnded;
    private int lineLength;

    /** A whole head, from the first line to the blank one. */
    abstract void head(ChannelHandlerContext context, String head);

    /** Body bytes, without framing: {@code length} of them at the index. */
    abstract void body(ByteBuf bytes, int index, int length);

    /** The message has ended. */
    abstract void end(ChannelHandlerContext context);

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            while (in.isReadable()) {
                step(context, in);
            }
        } finally {
            in.release();
        }
    }

    private void step(ChannelHandlerContext context, ByteBuf in) {
        switch (state) {
            case HEAD -> readHead(context, in);
            case LENGTH -> {
                if (take(in)) {
                    finish(context);
                }
            }
            case CHUNK_SIZE -> readSize(in);
            case CHUNK -> {
                if (take(in)) {
                    state = State.CHUNK_END;
                }
            }
            case CHUNK_END -> {
                if (in.readByte() == '\n') {
                    expectSize();
                }
            }
            case LAST_LINE -> {
                byte next = in.readByte();
                if (next != '\n') {
                    lineLength += next == '\r' ? 0 : 1;
                } else if (lineLength == 0) {
                    finish(context);
                } else {
                    lineLength = 0;
                }
            }
        }
    }

    private boolean take(ByteBuf in) {
        int length = (int) Math.min(left, in.readableBytes());
        body(in, in.readerIndex(), length);
        in.skipBytes(length);
        left -= length;
        return left == 0;
    }

    private void readHead(ChannelHandlerContext context, ByteBuf in) {
        while (in.isReadable()) {
            byte next = in.readByte();
            if (headLength == head.length) {
                head = Arrays.copyOf(head, head.length * 2);
            }
            head[headLength++] = next;
            if (next == '\n' && headLength >= 4 && head[headLength - 2] == '\r' && head[headLength - 3] == '\n') {
                String text = new String(head, 0, headLength, StandardCharsets.ISO_8859_1);
                headLength = 0;
                frame(context, text);
                return;
            }
        }
    }

    private void frame(ChannelHandlerContext context, String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        head(context, text);
        if (lower.contains("\r\ntransfer-encoding: chunked")) {
            expectSize();
            return;
        }
        int at = lower.indexOf("\r\ncontent-length:");
        left = at < 0 ? 0 : Long.parseLong(lower.substring(at + 17, lower.indexOf('\r', at + 2)).strip());
        state = State.LENGTH;
        if (left == 0) {
            finish(context);
        }
    }

    private void expectSize() {
        state = State.CHUNK_SIZE;
        size = 0;
        sizeEnded = false;
    }

    private void readSize(ByteBuf in) {
        byte next = in.readByte();
        if (next == '\n') {
            left = size;
            lineLength = 0;
            state = left == 0 ? State.LAST_LINE : State.CHUNK;
        } else if (!sizeEnded && Character.digit(next, 16) >= 0) {
            size = size * 16 + Character.digit(next, 16);
        } else {
            sizeEnded = true;
        }
    }

    private void finish(ChannelHandlerContext context) {
        state = State.HEAD;
        end(context);
    }
}
