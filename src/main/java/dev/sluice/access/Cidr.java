package dev.sluice.access;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** A range of addresses, IPv4 or IPv6, such as {@code 10.0.0.0/8}, or a single address. */
public record Cidr(byte[] network, int bits, String text) {

    /** @throws IllegalArgumentException when it is no range of addresses; names are not resolved */
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        byte[] network;
        try {
            network = literal(address);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no address or range (expected: 10.0.0.0/8, 2001:db8::/32 or a single address)",
                    e);
        }
        int most = network.length * 8;
        int bits = most;
        if (slash >= 0) {
            String length = text.substring(slash + 1);
            bits = length.matches("[0-9]{1,3}") ? Integer.parseInt(length) : -1;
            if (bits < 0 || bits > most) {
                throw new IllegalArgumentException(
                        "'" + text + "' has the prefix length '" + length + "' (expected: 0 to " + most + ")");
            }
        }
        return new Cidr(network, bits, text);
    }

    /** Names are never looked up: whatever is not made of digits, dots and colons is refused before the parser sees it. */
    private static byte[] literal(String address) {
        if (!address.matches("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")
                || address.matches("[0-9.]+") && !address.matches("([0-9]{1,3}\\.){3}[0-9]{1,3}")) {
            throw new IllegalArgumentException("no address");
        }
        try {
            return InetAddress.getByName(address).getAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("no address", e);
        }
    }

    /** The address itself, where it is a single one. */
    public InetAddress address() {
        try {
            return InetAddress.getByAddress(network);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // the length is that of an address
        }
    }

    public boolean contains(InetAddress address) {
        byte[] other = address.getAddress();
        if (other.length != network.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit++) {
            int mask = 0x80 >> (bit % 8);
            if (((network[bit / 8] ^ other[bit / 8]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return text;
    }
}
