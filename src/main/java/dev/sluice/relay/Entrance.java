package dev.sluice.relay;

import io.netty.channel.Channel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.channel.ChannelOperations;

/**
 * Where callers come in. It can be closed while those who are inside stay: a proxy that is refused a new connection has
 * sent nothing yet and goes to another node, and one whose connection ends as it sends a call does not know what became
 * of it.
 */
@Component
final class Entrance implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {
    private final Set<Channel> inside = ConcurrentHashMap.newKeySet();
    private volatile @Nullable DisposableServer server;

    @Override
    public void customize(NettyReactiveWebServerFactory factory) {
        factory.addServerCustomizers(http ->
                http.doOnBound(bound -> server = bound).doOnChannelInit((observer, channel, remote) -> enter(channel)));
    }

    private void enter(Channel channel) {
        inside.add(channel);
        channel.closeFuture().addListener(closed -> inside.remove(channel));
    }

    /** New connections are refused from now on. */
    void close() {
        DisposableServer bound = server;
        if (bound != null) {
            bound.channel().close();
        }
    }

    /** Completes when every request that is under way, such as one of the admin API, has its answer. */
    Mono<Void> answered() {
        return Flux.fromIterable(inside)
                .mapNotNull(ChannelOperations::get)
                .flatMap(ChannelOperations::onTerminate)
                .then();
    }
}
