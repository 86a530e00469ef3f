package dev.sluice.redis;

import io.lettuce.core.RedisURI;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;

/** Where the shared Redis is, read from {@code redis://user:password@host:port/number}, or {@code rediss://…} over TLS. */
final class RedisAddress {
    /** For a connection to be made and signed in; commands have a shorter bound of their own. */
    static final Duration CONNECT = Duration.ofSeconds(2);

    private RedisAddress() {}

    /** @throws IllegalArgumentException with one sentence that says what is wrong; it never repeats the password */
    static RedisURI parse(String url) {
        URI uri;
        try {
            uri = new URI(url.strip());
        } catch (URISyntaxException e) {
            throw wrong("is no URL: " + e.getReason() + " (write special characters of the password as %XX)");
        }
        String scheme = String.valueOf(uri.getScheme());
        if (!scheme.equals("redis") && !scheme.equals("rediss")) {
            throw wrong("begins with '" + scheme + "' (expected: redis:// or rediss://)");
        }
        if (uri.getHost() == null) {
            throw wrong("has no host (expected: " + scheme + "://user:password@host:port/0)");
        }
        if (uri.getPort() == 0 || uri.getPort() > 65_535) {
            throw wrong("has the port " + uri.getPort() + " (expected: 1 to 65535)");
        }
        if (!uri.getPath().matches("/?|/[0-9]{1,4}")) {
            throw wrong("ends with '" + uri.getPath() + "' (expected: the number of a database, such as /0)");
        }
        if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw wrong("has options after the database's number (expected: none)");
        }
        RedisURI address = RedisURI.create(uri);
        address.setTimeout(CONNECT);
        return address;
    }

    private static IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("SLUICE_REDIS_URL " + what);
    }
}
