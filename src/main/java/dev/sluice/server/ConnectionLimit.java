package dev.sluice.server;

import dev.sluice.access.ClientAddress;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.reactor.netty.NettyServerCustomizer;
import org.springframework.stereotype.Component;
import reactor.netty.http.server.HttpServer;

/**
 * How many connections one {@linkplain ClientAddress#counted address} may have open at a time. One more is told so and closed, and nothing of it is read.
 * A trusted proxy is not counted, since it has those of all its callers.
 */
@Component
final class ConnectionLimit implements NettyServerCustomizer {
    private static final String WORDS = "{\"error\":{\"message\":\"Your address has too many connections open. Close"
            + " some, or use them again.\",\"type\":\"rate_limit_error\",\"param\":null,\"code\":\"rate_limit_exceeded\"}}";
    private static final byte[] REFUSAL = ("HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\n"
                    + "content-length: " + WORDS.length() + "\r\nretry-after: 1\r\nconnection: close\r\n\r\n" + WORDS)
            .getBytes(StandardCharsets.US_ASCII);

    private final int most;
    private final ClientAddress clients;
    private final Map<InetAddress, Integer> open = new ConcurrentHashMap<>();

    ConnectionLimit(@Value("${sluice.connections-per-address}") int most, ClientAddress clients) {
        this.most = most;
        this.clients = clients;
    }

    @Override
    public HttpServer apply(HttpServer server) {
        return most == 0 ? server : server.doOnChannelInit((observer, channel, address) -> come(channel));
    }

    private void come(Channel channel) {
        if (!(channel.remoteAddress() instanceof InetSocketAddress peer) || clients.trusts(peer)) {
            return;
        }
        InetAddress address = ClientAddress.counted(peer.getAddress());
        if (open.merge(address, 1, Integer::sum) > most) {
            gone(address);
            channel.pipeline().addFirst(new Refusing());
        } else {
            channel.closeFuture().addListener(closed -> gone(address));
        }
    }

    private void gone(InetAddress address) {
        open.computeIfPresent(address, (each, count) -> count == 1 ? null : count - 1);
    }

    /** Says its word, and passes nothing on to whoever stands behind it. */
    private static final class Refusing extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext context) {
            Channel channel = context.channel();
            context.writeAndFlush(Unpooled.wrappedBuffer(REFUSAL)).addListener(sent -> {
                // Closed at once, with bytes of the caller's unread, the word could be lost on its way.
                if (channel instanceof DuplexChannel duplex) {
                    duplex.shutdownOutput();
                }
            });
            channel.eventLoop().schedule(() -> channel.close(), 1, TimeUnit.SECONDS);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
        }
    }
}
