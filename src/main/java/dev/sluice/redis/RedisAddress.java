package dev.sluice.redis;

import io.lettuce.core.RedisURI;
import io.lettuce.core.SslOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Where the shared Redis is, read from {@code redis://user:password@host:port/number}, or {@code rediss://…} over TLS,
 * with a certificate for that host that the Java runtime trusts, or that {@code ?sslrootcert=} names the authority of.
 */
record RedisAddress(RedisURI uri, SslOptions tls) {
    /** For a connection to be made and signed in; commands have a shorter bound of their own. */
    static final Duration CONNECT = Duration.ofSeconds(2);

    /** @throws IllegalArgumentException with one sentence that says what is wrong; it never repeats the password */
    static RedisAddress parse(String url) {
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
        if (uri.getRawFragment() != null) {
            throw wrong("has something after a # (expected: nothing)");
        }
        String authority = authority(uri.getRawQuery());
        if (authority != null && !scheme.equals("rediss")) {
            throw wrong("has sslrootcert without TLS (expected: rediss:// in front)");
        }
        // Lettuce would take the query's words for its own.
        RedisURI address = RedisURI.create(URI.create(url.strip().replaceFirst("\\?.*", "")));
        address.setTimeout(CONNECT);
        return new RedisAddress(address, trusting(authority));
    }

    private static @Nullable String authority(@Nullable String query) {
        if (query == null) {
            return null;
        }
        String[] option = query.split("=", 2);
        if (!option[0].equals("sslrootcert") || option.length == 1 || option[1].contains("&")) {
            throw wrong("has the options '" + query + "' (known: sslrootcert)");
        }
        return URLDecoder.decode(option[1].replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** Reads the certificates now: the client would read them on an event loop, at each connection. */
    private static SslOptions trusting(@Nullable String authority) {
        SslOptions.Builder options = SslOptions.builder().jdkSslProvider();
        if (authority == null) {
            return options.build();
        }
        try (InputStream file = Files.newInputStream(Path.of(authority))) {
            KeyStore certificates = KeyStore.getInstance(KeyStore.getDefaultType());
            certificates.load(null, null);
            for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
                certificates.setCertificateEntry("root-" + certificates.size(), each);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(certificates);
            return options.trustManager(factory).build();
        } catch (IOException | GeneralSecurityException e) {
            throw wrong(
                    "has sslrootcert=" + authority + ", which holds no certificates (expected: a file of them, PEM)");
        }
    }

    private static IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("SLUICE_REDIS_URL " + what);
    }
}
