package dev.sluice.access;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Tells where a caller is: the connection's address, or, when that is a trusted proxy's, the last address of {@code
 * X-Forwarded-For} that is not. What an untrusted caller writes there is never believed.
 */
@Component
public final class ClientAddress {
    private static final InetAddress NOWHERE = InetAddress.getLoopbackAddress();

    private final List<Cidr> trusted = new ArrayList<>();

    ClientAddress(@Value("${sluice.trusted-proxies}") String proxies) {
        for (String proxy : proxies.split(",")) {
            if (!proxy.isBlank()) {
                try {
                    trusted.add(Cidr.parse(proxy.strip()));
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException("SLUICE_TRUSTED_PROXIES: " + e.getMessage(), e);
                }
            }
        }
    }

    /**
     * @param peer the other end of the connection
     * @param forwardedFor the values of that header, read only where the peer is trusted
     */
    public InetAddress of(@Nullable InetSocketAddress peer, Supplier<List<String>> forwardedFor) {
        InetAddress address = peer == null || peer.getAddress() == null ? NOWHERE : peer.getAddress();
        if (trusted.isEmpty() || !trusts(address)) {
            return address;
        }
        String[] hops = String.join(",", forwardedFor.get()).split(",");
        for (int i = hops.length - 1; i >= 0; i--) {
            Cidr hop = literal(hops[i].strip());
            if (hop == null) {
                return address;
            }
            address = hop.address();
            if (!trusts(address)) {
                return address;
            }
        }
        return address;
    }

    /** Whether what this peer says of its caller is believed. */
    public boolean trusts(@Nullable InetSocketAddress peer) {
        return peer != null && peer.getAddress() != null && trusts(peer.getAddress());
    }

    private boolean trusts(InetAddress address) {
        for (Cidr proxy : trusted) {
            if (proxy.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /**
     * What counts as one caller where callers are counted by their address: the address itself, and of IPv6 its network
     * of 64 bits, since that is the least a single subscriber is given (RFC 6177): else each would have 2^64 tries.
     */
    public static InetAddress counted(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address;
        }
        byte[] bytes = address.getAddress();
        Arrays.fill(bytes, 8, 16, (byte) 0);
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("sixteen bytes are an address", e);
        }
    }

    private static @Nullable Cidr literal(String hop) {
        try {
            return hop.contains("/") ? null : Cidr.parse(hop);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
