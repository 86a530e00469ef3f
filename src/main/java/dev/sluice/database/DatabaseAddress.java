package dev.sluice.database;

import io.netty.handler.ssl.SslContextBuilder;
import io.r2dbc.h2.H2ConnectionConfiguration;
import io.r2dbc.h2.H2ConnectionFactory;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Where the database is: one URL, {@code mysql://user:password@host:port/name?options}, {@code mariadb://…} or {@code
 * postgresql://…}, or the embedded H2 file. Both the pool's and the migrations' addresses derive from it.
 *
 * <p>Of the options, {@code sslmode} ({@code disable}, {@code require}, {@code verify-ca}, {@code verify-full}) and {@code
 * sslrootcert}, a file of the certificates to trust (PEM; those of the Java runtime when it is not given), are understood
 * for every database; any other is refused, since the drivers would not mean the same by it.
 */
record DatabaseAddress(
        Kind kind,
        String host,
        int port,
        String name,
        String user,
        String password,
        TlsMode tls,
        @Nullable Path rootCertificate,
        @Nullable Path file) {

    enum Kind {
        H2,
        MYSQL,
        POSTGRESQL
    }

    /** How far the connection's TLS goes; the names are PostgreSQL's. */
    enum TlsMode {
        DISABLE,
        REQUIRE,
        VERIFY_CA,
        VERIFY_FULL;

        private String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    static DatabaseAddress embedded(Path dataDirectory) {
        Path file = dataDirectory.toAbsolutePath().normalize().resolve("sluice");
        return new DatabaseAddress(Kind.H2, "", 0, "sluice", "sa", "", TlsMode.DISABLE, null, file);
    }

    /** @throws IllegalArgumentException with one sentence that says what is wrong; it never repeats the password */
    static DatabaseAddress parse(String url) {
        URI uri;
        try {
            uri = new URI(url.strip());
        } catch (URISyntaxException e) {
            throw wrong("is no URL: " + e.getReason() + " (write special characters of the password as %XX)");
        }
        String scheme = String.valueOf(uri.getScheme());
        Kind kind = switch (scheme) {
            case "mysql", "mariadb" -> Kind.MYSQL;
            case "postgresql", "postgres" -> Kind.POSTGRESQL;
            default -> throw wrong("begins with '" + scheme + "' (expected: mysql://, mariadb:// or postgresql://)");
        };
        if (uri.getHost() == null) {
            throw wrong("has no host (expected: " + scheme + "://user:password@host:port/database)");
        }
        String name = uri.getPath() == null ? "" : uri.getPath().replaceFirst("^/", "");
        if (name.isEmpty() || name.contains("/")) {
            throw wrong("names no database (expected: " + scheme + "://user:password@host:port/database)");
        }
        String[] credentials = uri.getRawUserInfo() == null
                ? new String[] {""}
                : uri.getRawUserInfo().split(":", 2);
        int port = uri.getPort() > 0 ? uri.getPort() : kind == Kind.MYSQL ? 3306 : 5432;
        Map<String, String> options = options(uri.getRawQuery());
        TlsMode tls = tls(options.getOrDefault("sslmode", "disable"));
        return new DatabaseAddress(
                kind,
                uri.getHost(),
                port,
                name,
                decoded(credentials[0]),
                credentials.length > 1 ? decoded(credentials[1]) : "",
                tls,
                rootCertificate(options.get("sslrootcert"), tls),
                null);
    }

    private static Map<String, String> options(@Nullable String query) {
        Map<String, String> options = new LinkedHashMap<>();
        for (String pair : query == null || query.isEmpty() ? new String[0] : query.split("&")) {
            String[] option = pair.split("=", 2);
            String key = decoded(option[0]).toLowerCase(Locale.ROOT);
            if (!key.equals("sslmode") && !key.equals("sslrootcert")) {
                throw wrong("has the option '" + decoded(option[0]) + "' (known: sslmode, sslrootcert)");
            }
            options.put(key, option.length > 1 ? decoded(option[1]) : "");
        }
        return options;
    }

    private static TlsMode tls(String value) {
        return Arrays.stream(TlsMode.values())
                .filter(each -> each.text().equalsIgnoreCase(value.replace('_', '-')))
                .findFirst()
                .orElseThrow(() ->
                        wrong("has sslmode=" + value + " (expected: disable, require, verify-ca or verify-full)"));
    }

    private static @Nullable Path rootCertificate(@Nullable String file, TlsMode tls) {
        if (file == null) {
            return null;
        }
        if (tls != TlsMode.VERIFY_CA && tls != TlsMode.VERIFY_FULL) {
            throw wrong("has sslrootcert with sslmode=" + tls.text()
                    + ", which trusts every certificate (expected: verify-ca or verify-full beside it)");
        }
        Path certificate = Path.of(file);
        if (!Files.isReadable(certificate)) {
            throw wrong("has sslrootcert=" + file + ", which cannot be read (expected: a file of certificates, PEM)");
        }
        return certificate.toAbsolutePath();
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("SLUICE_DATABASE_URL " + what);
    }

    boolean isEmbedded() {
        return kind == Kind.H2;
    }

    ConnectionFactory forPool() {
        if (file != null) {
            return new H2ConnectionFactory(H2ConnectionConfiguration.builder()
                    .url("file:" + file + ";" + h2Options())
                    .username(user)
                    .password(password)
                    .build());
        }
        ConnectionFactoryOptions.Builder options = ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, kind == Kind.MYSQL ? "mysql" : "postgresql")
                .option(ConnectionFactoryOptions.HOST, host)
                .option(ConnectionFactoryOptions.PORT, port)
                .option(ConnectionFactoryOptions.DATABASE, name)
                .option(ConnectionFactoryOptions.USER, user)
                .option(ConnectionFactoryOptions.PASSWORD, password)
                .option(ConnectionFactoryOptions.CONNECT_TIMEOUT, java.time.Duration.ofSeconds(5))
                .option(Option.valueOf("sslMode"), kind == Kind.MYSQL ? mysqlTls() : tls.text());
        if (tls == TlsMode.VERIFY_CA || tls == TlsMode.VERIFY_FULL) {
            trust(options);
        }
        ConnectionFactory connections = ConnectionFactories.get(options.build());
        return kind == Kind.MYSQL && tls == TlsMode.DISABLE ? KnownPassword.of(connections, this) : connections;
    }

    /** Reads the certificates now: the driver for MySQL would read them on an event loop, at each connection. */
    private void trust(ConnectionFactoryOptions.Builder options) {
        if (kind == Kind.POSTGRESQL) {
            if (rootCertificate != null) {
                options.option(Option.valueOf("sslRootCert"), rootCertificate.toString());
            }
            return;
        }
        TrustManagerFactory trusted = trusted();
        Function<SslContextBuilder, SslContextBuilder> customizer = builder -> builder.trustManager(trusted);
        options.option(Option.valueOf("sslContextBuilderCustomizer"), customizer);
    }

    private TrustManagerFactory trusted() {
        try {
            KeyStore certificates = null;
            if (rootCertificate != null) {
                certificates = KeyStore.getInstance(KeyStore.getDefaultType());
                certificates.load(null, null);
                try (InputStream file = Files.newInputStream(rootCertificate)) {
                    for (Certificate each :
                            CertificateFactory.getInstance("X.509").generateCertificates(file)) {
                        certificates.setCertificateEntry("root-" + certificates.size(), each);
                    }
                }
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(certificates);
            return factory;
        } catch (IOException | GeneralSecurityException e) {
            throw wrong("has sslrootcert=" + rootCertificate + ", which holds no certificates (expected: PEM)");
        }
    }

    private String mysqlTls() {
        return switch (tls) {
            case DISABLE -> "DISABLED";
            case REQUIRE -> "REQUIRED";
            case VERIFY_CA -> "VERIFY_CA";
            case VERIFY_FULL -> "VERIFY_IDENTITY";
        };
    }

    /** The JDBC address of the migrations, without the credentials. */
    String forMigrations() {
        if (file != null) {
            return "jdbc:h2:file:" + file + ";" + h2Options();
        }
        Map<String, String> options = new LinkedHashMap<>();
        if (kind == Kind.MYSQL) {
            options.put("sslMode", tls == TlsMode.REQUIRE ? "trust" : tls.text());
            if (rootCertificate != null) {
                options.put("serverSslCert", rootCertificate.toString()); // This driver decodes nothing.
            }
            options.put("allowPublicKeyRetrieval", "true");
            options.put("connectTimeout", "10000");
        } else {
            options.put("sslmode", tls.text());
            if (rootCertificate != null) {
                options.put("sslrootcert", URLEncoder.encode(rootCertificate.toString(), StandardCharsets.UTF_8));
            } else if (tls != TlsMode.DISABLE) {
                // Else this driver looks for a file in the home directory and fails without it; the pool's does not.
                options.put(
                        "sslfactory",
                        tls == TlsMode.REQUIRE
                                ? "org.postgresql.ssl.NonValidatingFactory"
                                : "org.postgresql.ssl.DefaultJavaSSLFactory");
            }
            options.put("connectTimeout", "10");
        }
        String query = options.entrySet().stream()
                .map(option -> option.getKey() + "=" + option.getValue())
                .collect(Collectors.joining("&"));
        String scheme = kind == Kind.MYSQL ? "jdbc:mariadb://" : "jdbc:postgresql://";
        return scheme + (host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host) + ":" + port + "/"
                + name + "?" + query;
    }

    /**
     * WRITE_DELAY=0: a commit is in the file when it returns; the default of half a second would lose to {@code kill
     * -9} what the journal had already let go of.
     */
    private static String h2Options() {
        return "DB_CLOSE_DELAY=-1;DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0;QUERY_CACHE_SIZE=64";
    }

    @Override
    public String toString() {
        return isEmbedded() ? "embedded H2, " + file + ".mv.db" : kind + " at " + host + ":" + port + "/" + name;
    }
}
