package dev.sluice.vendor;

import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.stereotype.Component;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;
import reactor.netty.transport.NameResolverProvider;

/**
 * The connections to all vendors. There is a pool for each event loop: a vendor's connection lives on the loop of the
 * caller it serves, so no chunk changes threads and a caller who leaves ends the vendor's call in the same turn.
 */
@Component
final class Connections implements DisposableBean {
    /** Below the 60 to 75 seconds after which common front ends close an idle connection. */
    private static final Duration IDLE = Duration.ofSeconds(30);

    /** To one address from one loop; a bound for accidents, not a limit to live with. */
    private static final int MOST = 20_000;

    private final Map<Object, ConnectionProvider> pools = new ConcurrentHashMap<>();
    private final LoopResources loops;
    private final AddressGuard guard;

    Connections(ReactorResourceFactory eventLoops, @Value("${sluice.allow-private-upstreams}") boolean allowPrivate) {
        this.loops = eventLoops.getLoopResources();
        this.guard = new AddressGuard(
                NameResolverProvider.builder().build().newNameResolverGroup(loops, true), allowPrivate);
    }

    /** @param loop the loop whose pool serves; null: a pool for whoever calls */
    HttpClient client(Target target, URI address, @Nullable EventLoop loop) {
        boolean tls = "https".equalsIgnoreCase(address.getScheme());
        int port = address.getPort() > 0 ? address.getPort() : tls ? 443 : 80;
        String host = address.getHost();
        HttpClient client = HttpClient.create(pools.computeIfAbsent(loop == null ? this : loop, each -> pool()))
                .remoteAddress(() -> InetSocketAddress.createUnresolved(host, port))
                .runOn(loops)
                .resolver(guard)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, target.connectMs())
                .option(ChannelOption.TCP_NODELAY, true)
                .responseTimeout(Duration.ofMillis(target.firstByteMs()))
                .disableRetry(true)
                .followRedirect(false);
        return tls ? client.secure() : client.noSSL();
    }

    boolean refuses(String host) {
        return guard.refuses(host);
    }

    private static ConnectionProvider pool() {
        return ConnectionProvider.builder("upstream")
                .maxConnections(MOST)
                .pendingAcquireMaxCount(-1)
                .maxIdleTime(IDLE)
                .evictInBackground(IDLE)
                .lifo()
                .build();
    }

    @Override
    public void destroy() {
        pools.values().forEach(ConnectionProvider::dispose);
    }
}
