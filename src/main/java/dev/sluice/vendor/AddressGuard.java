package dev.sluice.vendor;

import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Looks names up like the resolver behind it, and refuses addresses that a channel must not reach: those of cloud
 * metadata services always, and loopback, private and link-local ones where the operator says so. It is asked at each
 * connect, so a name that changes its address later does not slip through.
 */
final class AddressGuard extends AddressResolverGroup<InetSocketAddress> {
    /** Where clouds tell a machine its own credentials: most of them, EC2 by IPv6, ECS, EKS (both), Alibaba, OpenStack by IPv6. */
    private static final Set<InetAddress> METADATA = Stream.of(
                    "169.254.169.254",
                    "fd00:ec2::254",
                    "169.254.170.2",
                    "169.254.170.23",
                    "fd00:ec2::23",
                    "100.100.100.200",
                    "fe80::a9fe:a9fe")
            .map(text -> address(NetUtil.createByteArrayFromIpAddressString(text)))
            .collect(Collectors.toUnmodifiableSet());

    /** RFC 6052: the last four bytes are an IPv4 address, where a translator stands in the way. */
    private static final byte[] TRANSLATED = {0, 0x64, (byte) 0xff, (byte) 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};

    private final AddressResolverGroup<InetSocketAddress> behind;
    private final boolean allowPrivate;

    AddressGuard(AddressResolverGroup<InetSocketAddress> behind, boolean allowPrivate) {
        this.behind = behind;
        this.allowPrivate = allowPrivate;
    }

    boolean refuses(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length == 16 && Arrays.equals(bytes, 0, TRANSLATED.length, TRANSLATED, 0, TRANSLATED.length)) {
            return refuses(address(Arrays.copyOfRange(bytes, TRANSLATED.length, bytes.length)));
        }
        boolean uniqueLocal = bytes.length == 16 && (bytes[0] & 0xFE) == 0xFC;
        boolean shared = bytes.length == 4 && bytes[0] == 100 && (bytes[1] & 0xC0) == 64; // RFC 6598
        boolean ours = address.isLoopbackAddress()
                || address.isAnyLocalAddress()
                || address.isSiteLocalAddress()
                || address.isLinkLocalAddress()
                || uniqueLocal
                || shared;
        return METADATA.contains(address) || ours && !allowPrivate;
    }

    /** As far as the text tells: a name is looked at when it is connected to. */
    boolean refuses(String host) {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(bare);
        if (literal == null && bare.contains(":")) {
            return refusesMixed(bare);
        }
        if (literal == null) {
            return !allowPrivate && bare.equalsIgnoreCase("localhost");
        }
        return refuses(address(literal));
    }

    /** IPv6 whose end is written as IPv4, which Netty reads in one form only. With a colon in it nothing is looked up. */
    private boolean refusesMixed(String literal) {
        try {
            return refuses(InetAddress.getByName(literal));
        } catch (UnknownHostException e) {
            return false; // no address, and no name either
        }
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // the length is that of an address
        }
    }

    @Override
    protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
        return new Guarded(behind.getResolver(executor), executor);
    }

    private final class Guarded implements AddressResolver<InetSocketAddress> {
        private final AddressResolver<InetSocketAddress> resolver;
        private final EventExecutor executor;

        Guarded(AddressResolver<InetSocketAddress> resolver, EventExecutor executor) {
            this.resolver = resolver;
            this.executor = executor;
        }

        @Override
        public boolean isSupported(SocketAddress address) {
            return resolver.isSupported(address);
        }

        /** A literal address counts as not resolved here, so that it is looked at too. */
        @Override
        public boolean isResolved(SocketAddress address) {
            return false;
        }

        @Override
        public Future<InetSocketAddress> resolve(SocketAddress address) {
            return resolve(address, executor.newPromise());
        }

        @Override
        public Future<InetSocketAddress> resolve(SocketAddress address, Promise<InetSocketAddress> promise) {
            if (resolver.isResolved(address)) {
                return judged((InetSocketAddress) address, promise);
            }
            resolver.resolve(address).addListener((Future<InetSocketAddress> looked) -> {
                if (looked.isSuccess()) {
                    judged(looked.getNow(), promise);
                } else {
                    promise.tryFailure(looked.cause());
                }
            });
            return promise;
        }

        private Promise<InetSocketAddress> judged(InetSocketAddress address, Promise<InetSocketAddress> promise) {
            if (refuses(address.getAddress())) {
                promise.tryFailure(new UnknownHostException("the address is not one that a channel may reach"));
            } else {
                promise.trySuccess(address);
            }
            return promise;
        }

        @Override
        public Future<List<InetSocketAddress>> resolveAll(SocketAddress address) {
            return resolveAll(address, executor.newPromise());
        }

        @Override
        public Future<List<InetSocketAddress>> resolveAll(
                SocketAddress address, Promise<List<InetSocketAddress>> promise) {
            if (resolver.isResolved(address)) {
                return judgedAll(List.of((InetSocketAddress) address), promise);
            }
            resolver.resolveAll(address).addListener((Future<List<InetSocketAddress>> looked) -> {
                if (looked.isSuccess()) {
                    judgedAll(looked.getNow(), promise);
                } else {
                    promise.tryFailure(looked.cause());
                }
            });
            return promise;
        }

        private Promise<List<InetSocketAddress>> judgedAll(
                List<InetSocketAddress> addresses, Promise<List<InetSocketAddress>> promise) {
            List<InetSocketAddress> allowed = addresses.stream()
                    .filter(address -> !refuses(address.getAddress()))
                    .toList();
            if (allowed.isEmpty()) {
                promise.tryFailure(new UnknownHostException("the address is not one that a channel may reach"));
            } else {
                promise.trySuccess(allowed);
            }
            return promise;
        }

        @Override
        public void close() {
            resolver.close();
        }
    }
}
